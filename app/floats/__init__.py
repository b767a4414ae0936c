"""The float judge: a Keras model that reads beside the integer engine, and how TensorFlow is loaded."""
