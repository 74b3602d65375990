"""How an export is asked: templates for engines that know nothing but text, which have to give the ids of training."""
