"""The dataset panel: browse, label and split the images."""
