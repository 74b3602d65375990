"""What runs behind the walls beside an experiment's file. Nothing here is trusted by anything outside."""
