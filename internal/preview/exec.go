package preview

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
)

// What exec tells its shim, by environment variables.
const (
	execConfig     = "DYNAMOGUARD_EXEC_CONFIG"
	execNoStandIns = "DYNAMOGUARD_EXEC_NO_STAND_INS"
)

// Exec runs a command for which pulumi is a shim that foresees previews, and returns its exit code.
func Exec(o Options, command []string, s Streams) (code int, err error) {
	self, err := Self()
	if err != nil {
		return 0, err
	}
	if _, err := findPulumi(self); err != nil {
		return 0, err
	}
	if o.Config != "" {
		if o.Config, err = filepath.Abs(o.Config); err != nil {
			return 0, err
		}
	}
	signals := listen(s)
	defer signals.stop()
	folder, err := newScratch(self)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, folder.close()) }()
	shim := filepath.Join(folder.path, "pulumi")
	if runtime.GOOS == "windows" {
		shim += ".exe"
	}
	if err := os.Symlink(self, shim); err != nil {
		return 0, err
	}
	path := folder.path + string(filepath.ListSeparator) + os.Getenv("PATH")
	c := exec.Command(command[0], command[1:]...)
	if command[0] == "pulumi" {
		c = exec.Command(shim, command[1:]...)
	}
	c.Env = append(os.Environ(), "PATH="+path, execConfig+"="+o.Config, execNoStandIns+"="+strconv.FormatBool(o.NoStandIns))
	c.Stdin, c.Stdout, c.Stderr = s.In, s.Out, s.Err
	return signals.run(c, folder.runs, nil)
}

// Shim is what pulumi is within [Exec]: previews are foreseen, and every other command is the CLI's.
func Shim(ctx context.Context, args []string, s Streams) (int, error) {
	if Previews(args) {
		noStandIns, _ := strconv.ParseBool(os.Getenv(execNoStandIns))
		return Run(ctx, Options{Args: args, Config: os.Getenv(execConfig), NoStandIns: noStandIns}, s)
	}
	self, err := Self()
	if err != nil {
		return 0, err
	}
	pulumi, err := findPulumi(self)
	if err != nil {
		return 0, err
	}
	return replaceBy(pulumi, append([]string{"pulumi"}, args...), s)
}
