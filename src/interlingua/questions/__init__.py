"""What a study asks: a folder a question, with its declaration, its pure computation, its words and figures."""
