"""What an agent shows on the stage: transcript, log, card, composer."""
