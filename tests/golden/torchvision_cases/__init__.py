"""What torchvision does, case by case. A module is a group, and has `cases`."""
