"""Nouns that two or more folders of Espalier need: run, record, configuration, chat template, model, report."""
