"""Growth, predicted and measured."""
