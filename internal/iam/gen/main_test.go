package main

import (
	"os"
	"strings"
	"testing"
)

func TestCatalogueIsCurrent(t *testing.T) {
	want, err := generate(table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../catalogue_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("catalogue_gen.go is stale: run go generate ./internal/iam")
	}
}

func TestGenerateRefuses(t *testing.T) {
	line := "action GetItem | Read | data-read | table* | - | no"
	tests := []struct{ table, err string }{
		{"actoin X", `catalogue.txt:1: cannot read "actoin X"`},
		{"service dynamodb\n" + strings.Replace(line, "Read", "Reed", 1), `catalogue.txt:2: unknown access level "Reed"`},
		{strings.Replace(line, "data-read", "data", 1), `catalogue.txt:1: unknown class "data"`},
		{strings.Replace(line, "table*", "tabel*", 1), `catalogue.txt:1: unknown resource type in "tabel*"`},
		{strings.Replace(line, "| - |", "| dynamodb:Keys |", 1), `catalogue.txt:1: unknown condition key "dynamodb:Keys"`},
		{strings.Replace(line, "| no", "| maybe", 1), `catalogue.txt:1: unknown table policy support "maybe"`},
		{"key a:b | Sting", `catalogue.txt:1: unknown key type "Sting"`},
		{"service dynamodb\n" + line + "\n" + strings.Replace(line, "GetItem", "BatchGetItem", 1), "catalogue.txt: the actions of a service are not in alphabetical order"},
	}
	for _, tt := range tests {
		if _, err := generate(tt.table); err == nil || err.Error() != tt.err {
			t.Errorf("generate(%q): error %v, want %s", tt.table, err, tt.err)
		}
	}
}
