"""SmartPlay inside other frameworks: one module each, imported by nothing else here.

All of them play by the runner's own loop, awaited (`smartplay.runner.episode`) or driven
(`smartplay.runner.driven`), so messages, scores and records are those of `smartplay run`.
"""
