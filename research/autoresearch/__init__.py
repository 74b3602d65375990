"""An experiment loop: training code is changed, one run on a fixed budget is measured behind walls, gains are kept."""
