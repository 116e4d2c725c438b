package runcomfy

//go:generate go tool -modfile=../tools.mod genclient generate --package runcomfy --models "kling/kling-2-6/**"
