"""What all pages share: the shell, lists, forms, charts, search, sign-in. It knows no app; apps bring their pages."""
