"""SmartPlay's games as an OpenEnv application: `uvicorn server.app:app`."""

from smartplay.adapters.openenv import Games, make_app

app = make_app(Games())


def main() -> None:
    """Serve, as `openenv serve` has it."""
    import uvicorn

    uvicorn.run(app, host="0.0.0.0", port=8000)


if __name__ == "__main__":
    main()
