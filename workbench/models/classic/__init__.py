"""Image features of the time before networks, and a support vector machine on them: a baseline to beat."""
