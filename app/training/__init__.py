"""The float judge: a small Keras model, the recipes that train it, and the data they learn from.

Keras and TensorFlow take seconds to import, so every function that needs them imports them itself, by way of
`app.floats.runtime`; importing this package costs nothing.
"""
