# Every target is a task of packaging/tasks.py, so that Windows runs the same: py packaging\tasks.py demo
PYTHON ?= python3
TASKS = demo test test-long setup run lint pictures benchmarks

.PHONY: $(TASKS)
$(TASKS):
	@$(PYTHON) packaging/tasks.py $@
