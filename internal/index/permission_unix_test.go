//go:build unix

package index

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestPermission reads a backend without being allowed to. The superuser is allowed everything, so where the tests run as
// that, they run this one as somebody else.
func TestPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		folder := t.TempDir()
		program, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		binary := filepath.Join(folder, "index.test")
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
		again := exec.Command(binary, "-test.run", "^TestPermission$")
		again.Dir = private
		again.Env = []string{"TMPDIR=" + private}
		again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	env := machine(t, "PULUMI_BACKEND_URL=file://~")
	root := filepath.Join(env.Home, ".pulumi")
	write(t, filepath.Join(root, "meta.yaml"), "version: 1\n")
	write(t, filepath.Join(root, "stacks/shop/dev.json"), state("shop", "dev", "orders"))
	write(t, filepath.Join(root, "stacks/bank/dev.json"), state("bank", "dev", "orders"))
	write(t, filepath.Join(root, "stacks/bank/prod.json"), state("bank", "prod", "orders"))
	forbid := func(path string) {
		t.Helper()
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(path, 0o700) })
	}
	forbid(filepath.Join(root, "stacks/bank/dev.json"))
	expect(t, "a file", Settings{}, env, []string{"bank/prod orders", "shop/dev orders"},
		[]string{"1 stack that cannot be read: bank/dev (permission denied)"})
	forbid(filepath.Join(root, "stacks/bank"))
	expect(t, "a project", Settings{}, env, []string{"shop/dev orders"},
		[]string{"the stacks of project bank: permission denied"})
	forbid(filepath.Join(root, "stacks"))
	expect(t, "all stacks", Settings{}, env, nil, []string{"the backend in " + env.Home + ": permission denied"})
}
