"""MiniGrid and BabyAI as SmartPlay games."""
