package jsontree

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkDecode reads the documents of schemas/.
func BenchmarkDecode(b *testing.B) {
	files, err := filepath.Glob("../../schemas/*/*/*/*.json")
	if err != nil || len(files) == 0 {
		b.Fatal("no schemas", err)
	}
	var texts [][]byte
	size := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		texts = append(texts, text)
		size += len(text)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			if _, _, err := Decode(text, 0); err != nil {
				b.Fatal(err)
			}
		}
	}
}
