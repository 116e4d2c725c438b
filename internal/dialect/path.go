package dialect

// JoinPath appends a property's name to a JSON path, for example loras[].path.
func JoinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
