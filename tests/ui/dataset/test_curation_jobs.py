from pathlib import Path
from types import SimpleNamespace

from workbench.project.project import Project
from workbench.training.config import TrainConfig
from workbench.ui.dataset.curation_jobs import embedding_backbone


def test_the_weights_of_a_run_are_told_as_their_file(project_folder: Path) -> None:
    """The command that makes the embeddings knows files alone."""
    config = TrainConfig().with_settings(["backbone=torchvision/squeezenet1_1", "weights=none"])
    with Project.open(project_folder) as project:
        run = project.runs.create(config.dumps())
        session = SimpleNamespace(project=project, config=config.with_settings([f"weights=run:{run.id}"]))
        assert embedding_backbone(session) == ("torchvision/squeezenet1_1", f"run:{run.id}")  # there is no model yet
        run.model.mkdir()
        (run.model / "model.safetensors").touch()
        (run.model / "bundle.json").write_text('{"backbone": "torchvision/squeezenet1_1"}')
        file = str((run.model / "model.safetensors").absolute())
        assert embedding_backbone(session) == ("torchvision/squeezenet1_1", file)
        session.config = config
        assert embedding_backbone(session) == ("torchvision/squeezenet1_1", "none")
        session.config = config.with_settings(["weights=hub", "backbone=timm/resnet18", "backbone.tag=a2_in1k"])
        assert embedding_backbone(session) == ("timm/resnet18.a2_in1k", "hub")
