"""The application that `openenv.yaml` names."""
