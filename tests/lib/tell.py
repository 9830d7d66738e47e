"""Figures that a test measured, on the terminal although the test passed."""


def tell(config, text):
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n" + text)
