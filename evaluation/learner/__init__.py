"""Who speaks for the learner when a dialogue is not scripted: rules, or a model behind an endpoint."""
