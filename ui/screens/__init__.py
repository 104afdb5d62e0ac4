"""The screens of the web application: they show and ask; what is computed is computed elsewhere."""
