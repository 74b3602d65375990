"""What calibration is made of: folds, baselines, what a judge says out of fold, controls, the ablation, the page."""
