//go:build unix

package index

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestUnusual puts what is no file in the place of every file that is read: a pipe, which would keep a run waiting, and a
// device, which would fill the memory.
func TestUnusual(t *testing.T) {
	pipe := func(path string) {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	endless := func(path string) {
		if err := os.Symlink("/dev/zero", path); err != nil {
			t.Fatal(err)
		}
	}
	const (
		backend = "PULUMI_BACKEND_URL=file://~"
		lost    = "the backend of the stack was not found: "
	)
	good := []string{"shop/dev orders"}
	for _, c := range []struct {
		place     string
		variables []string
		source    string
		found     []string
		unread    []string
	}{
		{".pulumi/meta.yaml", []string{backend}, "", nil, []string{"the backend in HOME: meta.yaml: is not a regular file"}},
		{".pulumi/stacks/dev.json", []string{backend}, "", good, []string{"the state of dev: is not a regular file"}},
		{".pulumi/stacks/dev.json.gz", []string{backend}, "", good, []string{"the state of dev: is not a regular file"}},
		{".pulumi/stacks", []string{backend}, "", nil, []string{"the backend in HOME: not a directory"}},
		{"Pulumi.yaml", nil, "", nil, []string{lost + "Pulumi.yaml: is not a regular file"}},
		{"Pulumi.yaml", []string{backend}, "", good, nil},
		{"Pulumi.json", nil, "", nil, []string{lost + "Pulumi.json: is not a regular file"}},
		{".pulumi/credentials.json", nil, "", nil, []string{lost + "credentials.json: is not a regular file"}},
		{".pulumi/credentials.json", []string{"PULUMI_BACKEND_URL=https://example.invalid"}, "", nil,
			[]string{"Pulumi Cloud at https://example.invalid: there is no access token: credentials.json: is not a regular file"}},
		{".pulumi/credentials.json", []string{backend}, "", good, nil},
		{"index.json", []string{backend}, "HOME/index.json", good, []string{"the index HOME/index.json: is not a regular file"}},
		{"cache/CACHED", []string{backend}, "", good, nil},
	} {
		for kind, put := range map[string]func(string){"a pipe": pipe, "a device": endless} {
			env := machine(t, c.variables...)
			write(t, filepath.Join(env.Home, ".pulumi/meta.yaml"), "version: 0\n")
			write(t, filepath.Join(env.Home, ".pulumi/stacks/good.json"), state("shop", "dev", "orders"))
			path := filepath.Join(env.Home, c.place)
			if c.place == "cache/CACHED" {
				path = cacheFile{folder: env.Cache, key: "folder " + filepath.Join(env.Home, ".pulumi")}.path()
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			put(path)
			var unread []string
			for _, u := range c.unread {
				unread = append(unread, strings.Replace(u, "HOME", env.Home, 1))
			}
			expect(t, kind+" as "+c.place, Settings{Source: strings.Replace(c.source, "HOME", env.Home, 1)}, env, c.found, unread)
		}
	}
}

// TestCacheOfOthers: tables that others can write to the cache are not believed.
func TestCacheOfOthers(t *testing.T) {
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	path := filepath.Join(env.Home, ".pulumi/stacks/dev.json")
	write(t, path, state("shop", "dev", "orders"))
	expect(t, "saved", Settings{}, env, []string{"shop/dev orders"}, nil)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(state("shop", "dev", "ORDERS")), 0o600); err != nil { // of the same size and time
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	expect(t, "of the user", Settings{}, env, []string{"shop/dev orders"}, nil)
	if err := os.Chmod(env.Cache, 0o777); err != nil {
		t.Fatal(err)
	}
	expect(t, "of everybody", Settings{}, env, []string{"shop/dev ORDERS"}, nil)
}
