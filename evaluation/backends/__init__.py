"""Who answers: local models, endpoints, recorded replies, people, and rules that a model must beat."""
