package preview

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// lookPath returns the first program of a name in the folders of PATH that is not self, under whatever name: the shim of exec is.
func lookPath(name, path, self string) (string, bool) {
	own, _ := os.Stat(self)
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) {
			continue // as exec.LookPath does, for what is in the working folder is not the user's
		}
		program, err := exec.LookPath(filepath.Join(folder, name))
		if err != nil {
			continue
		}
		if info, err := os.Stat(program); err != nil || own != nil && os.SameFile(own, info) {
			continue
		}
		return program, true
	}
	return "", false
}

// findPulumi returns the path of the CLI.
func findPulumi(self string) (string, error) {
	pulumi, ok := lookPath("pulumi", os.Getenv("PATH"), self)
	if !ok {
		return "", errors.New("pulumi is not on PATH; https://www.pulumi.com/docs/install/ says how to install it")
	}
	return pulumi, nil
}

// Self returns the path of this program, links followed: on some systems it is the link that it was started by, say that of the
// shim.
func Self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
