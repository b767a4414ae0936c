"""What the window knows and decides, without pygame: state, intents, messages, words."""
