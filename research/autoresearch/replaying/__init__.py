"""The kept frontier trained again from scratch: which gains were luck, and which hold on text that nothing ever met."""
