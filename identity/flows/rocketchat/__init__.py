"""What the door for Rocket.Chat's REST clients does beside the flows that all doors share."""
