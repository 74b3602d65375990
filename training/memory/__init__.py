"""Where a training's memory will go, told before anything is loaded, and the settings with which it fits."""
