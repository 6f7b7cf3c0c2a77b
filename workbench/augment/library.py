"""The import of albumentations, with what has to be set before and after it. Import this module inside functions."""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # before the import, which would ask the network for a newer release

import albumentations as albumentations
import cv2 as cv2

cv2.setNumThreads(1)  # one image is too little work to share; the processes and threads around it are the parallelism
