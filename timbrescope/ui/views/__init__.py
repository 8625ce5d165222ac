"""Views: each is a subscription to the document and a drawing."""
