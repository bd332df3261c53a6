package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/compile"
)

var update = flag.Bool("update", false, "write "+thirdPartyFile)

const root = "../.." // the folder of the pack

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, content string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, folder string, args ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
	command.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2026-02-03T04:05:06Z", "GIT_AUTHOR_DATE=2026-02-03T04:05:06Z", "GIT_CONFIG_GLOBAL="+os.DevNull)
	out, err := compile.Output(command)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestThirdParty holds the page on licences to what the binaries for all platforms contain.
func TestThirdParty(t *testing.T) {
	modules, err := thirdParty(root, compile.Platforms)
	if err != nil {
		t.Fatal(err)
	}
	page, file := thirdPartyPage(modules), filepath.Join(root, thirdPartyFile)
	if *update {
		if err := os.WriteFile(file, page, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t, file), string(page)); diff != "" {
		t.Errorf("run go test ./internal/release -run TestThirdParty -update, and see whether the pack may contain what is new (-is +should be):\n%s", diff)
	}
	// One that is linked on a single platform, two licences in a text, and what is no module's.
	for _, want := range []string{
		"| github.com/inconshreveable/mousetrap | v1.1.0 | Apache-2.0 |\n", "| go.yaml.in/yaml/v3 | v3.0.6 | Apache-2.0 and MIT |\n",
		"| the standard library of Go | as `--version` says | BSD-3-Clause |\n", "NOTICE.txt of google.golang.org/grpc",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page has no %q", want)
		}
	}
	if bytes.Contains(page, []byte("go-cmp")) {
		t.Error("the page has what only tests need")
	}
}

func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		name  string
		texts []legal
		want  string // the licences, or the error
	}{
		{"none", nil, "there is no licence"},
		{"no licence but a notice", []legal{{"NOTICE", "Licensed under the Apache License, Version 2.0"}}, "there is no licence"},
		{"spaces and case", []legal{{"LICENSE", "  Apache License\n\n   Version 2.0, January 2004\n"}}, "Apache-2.0"},
		{"three clauses", []legal{{"COPYING", "Redistributions of source code must retain ... Neither the name of"}}, "BSD-3-Clause"},
		{"two clauses", []legal{{"LICENCE.md", "Redistributions of source code must retain ..."}}, "BSD-2-Clause"},
		{"two texts", []legal{
			{"LICENSE", "Redistributions of source code must retain ..."},
			{"below/LICENSE", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
		}, "BSD-2-Clause MIT"},
		{"unknown", []legal{{"LICENSE", "Business Source License 1.1"}}, "LICENSE is a licence that is not known here; read it, and see whether the pack may contain such code"},
		{"unknown beside a known one", []legal{{"LICENSE", "Apache License Version 2.0, January 2004"}, {"b/LICENSE", "mine"}},
			"b/LICENSE is a licence that is not known here; read it, and see whether the pack may contain such code"},
	} {
		ids, err := identify(c.texts)
		got := strings.Join(ids, " ")
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestVersions holds all that says the version to what main.go says.
func TestVersions(t *testing.T) {
	version, err := compile.Version(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		all, err := p.In(root)
		if err != nil {
			t.Error(err)
		}
		for _, said := range all {
			if said != version {
				t.Errorf("%s says the version is %s, and main.go %s; make version writes all", p.File, said, version)
			}
		}
	}
}

// TestSetVersion changes the version in a copy of what the repository keeps: no other text for people goes on to name the old one.
func TestSetVersion(t *testing.T) {
	version, err := compile.Version(root)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	// Tests and what they read have versions of their own, and the change log tells of all.
	other := regexp.MustCompile(`(^|/)testdata/|_test\.go$|(^|/)go\.(mod|sum)$|package-lock\.json$|^CHANGELOG\.md$`)
	var texts []string
	for file := range strings.SplitSeq(git(t, root, "ls-files", "-co", "--exclude-standard"), "\n") {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			continue // removed, not yet committed
		}
		if !other.MatchString(file) {
			texts = append(texts, file)
		} else if file != "CHANGELOG.md" {
			continue
		}
		write(t, string(text), folder, file)
	}
	const next = "7.65.4-rc.1"
	if _, err := setVersion(folder, next); err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\bv?` + regexp.QuoteMeta(version) + `\b`)
	for _, file := range texts {
		for line := range strings.Lines(read(t, folder, file)) {
			if strings.Contains(strings.ToLower(line), "dynamoguard") && names.MatchString(line) {
				t.Errorf("%s still names the version %s: %s", file, version, line)
			}
		}
	}
	for file, want := range map[string]string{
		"main.go": "const version = \"" + next + "\"\n", "PulumiPolicy.yaml": "\nversion: " + next + "\n", "CHANGELOG.md": "\n## Unreleased\n\n## " + next + "\n",
		"README.md": "\narchive=pulumi-analyzer-dynamoguard-v" + next + "-linux-$(uname -m",
	} {
		if !strings.Contains(read(t, folder, file), want) {
			t.Errorf("%s has no %q", file, want)
		}
	}

	for version, want := range map[string]string{
		"v1.2.3": `"v1.2.3" is no version such as 1.2.3 or 1.2.3-rc.1`, "1.2": `"1.2" is no version such as 1.2.3 or 1.2.3-rc.1`,
		"1.02.3": `"1.02.3" is no version such as 1.2.3 or 1.2.3-rc.1`, "1.2.3+linux": `"1.2.3+linux" is no version such as 1.2.3 or 1.2.3-rc.1`,
		next: "CHANGELOG.md has a section of 7.65.4-rc.1 already",
	} {
		if changed, err := setVersion(folder, version); err == nil || err.Error() != want {
			t.Errorf("%s: changed %q, %v", version, changed, err)
		}
	}
	// Where one file cannot be changed, none is.
	write(t, "version: one\n", folder, "PulumiPolicy.yaml")
	if changed, err := setVersion(folder, "8.0.0"); err == nil || !strings.HasPrefix(err.Error(), "PulumiPolicy.yaml does not say the version, as ") {
		t.Errorf("changed %q, %v", changed, err)
	}
	if text := read(t, folder, "main.go"); !strings.Contains(text, next) {
		t.Errorf("main.go was changed though PulumiPolicy.yaml could not be:\n%s", text)
	}
}
