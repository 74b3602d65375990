"""What a training may import of ours besides torch, numpy and safetensors. Locked: no experiment changes it."""
