//go:build unix

package stacks

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"dynamoguard/indexer/internal/testbackend"
)

// unreadable returns a line for each stack of a backend that cannot be read, or for the backend.
func unreadable(t *testing.T, rawURL string) (lines []string) {
	t.Helper()
	backend, err := Open(t.Context(), rawURL, "")
	if err != nil {
		return []string{err.Error()}
	}
	all, err := backend.List(t.Context())
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range all {
		err := s.Err
		if err == nil {
			var state State
			if state, err = backend.Read(t.Context(), s); err == nil {
				err = state.Close()
			}
		}
		if err != nil {
			lines = append(lines, s.String()+": "+err.Error())
		}
	}
	slices.SortFunc(lines, cmp.Compare[string])
	return lines
}

// TestSpecial: what is in place of a state and is none is named, and keeps nobody waiting.
func TestSpecial(t *testing.T) {
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	testbackend.Write(t, at, "shop/dev", testbackend.State("shop/dev"))
	testbackend.Write(t, at, "shop/newest", testbackend.State("shop/newest"))
	folder := filepath.Join(pathOf(t, at), ".pulumi/stacks")
	for _, fifo := range []string{"shop/fifo.json", "shop/newest.json.gz", "shop/dev.json.attrs", "shop/dev.json.bak"} {
		_ = os.Remove(filepath.Join(folder, fifo)) // the CLI has written some of these
		if err := syscall.Mkfifo(filepath.Join(folder, fifo), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"shop/zero.json": "/dev/zero", "shop/gone.json": "nowhere", "shop/loop.json": "loop.json", "lost": "nowhere", "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, unreadable(t, at), []string{
		"organization/loop/*: too many levels of symbolic links",
		"organization/lost/*: it is a link to what is not there",
		"organization/shop/fifo: it is not a regular file",
		"organization/shop/gone: it is a link to what is not there",
		"organization/shop/loop: too many levels of symbolic links",
		"organization/shop/newest: it is not a regular file",
		"organization/shop/zero: it is not a regular file",
	})

	meta := filepath.Join(folder, "../meta.yaml")
	for target, want := range map[string]string{
		"/dev/zero": "it is not a regular file",
		"large":     "it has more than 65536 bytes",
	} {
		if err := os.WriteFile(filepath.Join(folder, "../large"), make([]byte, mostMeta+1), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(meta)
		if err := os.Symlink(target, meta); err != nil {
			t.Fatal(err)
		}
		equal(t, unreadable(t, at), []string{"read .pulumi/meta.yaml of " + at + ": " + want})
	}
}

// TestPermission reads a backend without being allowed to. The superuser is allowed everything, so where the tests run as
// that, they run this one as somebody else.
func TestPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	testbackend.Isolate(t)
	at := testbackend.Folder(t)
	for _, stack := range []string{"bank/dev", "bank/prod", "shop/dev"} {
		testbackend.Write(t, at, stack, testbackend.State(stack))
	}
	root := filepath.Join(pathOf(t, at), ".pulumi")
	forbid := func(path string, mode os.FileMode) {
		t.Helper()
		path = filepath.Join(root, path)
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	forbid("stacks/bank/dev.json", 0)
	equal(t, unreadable(t, at), []string{"organization/bank/dev: permission denied"})
	forbid("stacks/bank", 0o600) // its files have names, and nothing else
	equal(t, unreadable(t, at), []string{
		"organization/bank/dev: permission denied", "organization/bank/prod: permission denied",
	})
	forbid("stacks/bank", 0)
	equal(t, unreadable(t, at), []string{"organization/bank/*: permission denied"})
	forbid("stacks", 0o600)
	equal(t, unreadable(t, at), []string{"organization/bank/*: permission denied", "organization/shop/*: permission denied"})
	forbid("stacks", 0)
	equal(t, unreadable(t, at), []string{"list " + at + ": open " + root + "/stacks: permission denied"})
	forbid("", 0)
	equal(t, unreadable(t, at), []string{"read .pulumi/meta.yaml of " + at + ": permission denied"})
	forbid("..", 0o000)
	equal(t, unreadable(t, at), []string{"read .pulumi/meta.yaml of " + at + ": permission denied"})
}

// asNobody runs the test once more, as a user without rights.
func asNobody(t *testing.T) {
	folder := t.TempDir()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "stacks.test")
	if err := os.WriteFile(binary, program, 0o755); err != nil {
		t.Fatal(err)
	}
	for path := folder; path != filepath.Clean(os.TempDir()) && path != filepath.Dir(path); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	private := filepath.Join(folder, "tmp")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	if err := os.Chown(private, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	again := exec.Command(binary, "-test.run", "^"+t.Name()+"$")
	again.Dir = private
	again.Env = []string{"TMPDIR=" + private}
	again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := again.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
}
