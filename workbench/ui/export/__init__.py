"""The Export panel: the package, its parity with the trained model, and a try on a folder."""
