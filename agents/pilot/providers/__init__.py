"""The two ways to reach a model: Anthropic's messages and OpenAI's chat completions."""
