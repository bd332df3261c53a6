// Package preview makes a foreseen preview: pulumi preview with the AWS providers led through forwarders, which foresee what
// those leave unknown.
package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"dynamoguard/internal/events"
	"dynamoguard/internal/files"
	"dynamoguard/internal/inline"
	"dynamoguard/internal/overlay"
	"dynamoguard/internal/session"
	"dynamoguard/internal/text"
)

// A preview is what its runs have in common. There is one run, and another each time that a run asked for it: where a lookup
// would take to AWS what does not exist, and where the CLI installed an AWS provider, which then runs without a forwarder.
type preview struct {
	Options
	Streams
	args    arguments
	self    string // path of this program
	pulumi  string // path of the CLI
	real    string // path of the user's home of Pulumi
	pack    string // path of our pack in the folder
	flags   []string
	folder  *scratch
	program *inline.Host // that the CLI calls for an inline program; nil where the program is none
	signals *signals

	runs       int
	unforeseen []left
	installed  []string // folders of plugins
}

// A left is a resource that is left unforeseen, and the lookup that would take it to AWS.
type left struct{ urn, token string }

// Run makes a foreseen preview and returns the exit code of the CLI.
func Run(ctx context.Context, o Options, s Streams) (code int, err error) {
	p := &preview{Options: o, Streams: s, args: parse(o.Args)}
	if err := refuse(p.args, os.Getenv); err != nil {
		return 0, err
	}
	if p.self, err = Self(); err != nil {
		return 0, err
	}
	if p.pulumi, err = findPulumi(p.self); err != nil {
		return 0, err
	}
	if p.real, err = p.home(); err != nil {
		return 0, err
	}
	if p.Config != "" {
		if p.Config, err = filepath.Abs(p.Config); err != nil {
			return 0, err
		}
		file, err := files.Open(ctx, p.Config, mostConfiguration)
		if err != nil {
			return 0, fmt.Errorf("--%s: %w", ownConfig, err)
		}
		_ = file.Close()
	}
	if p.Report != "" {
		if p.Report, err = filepath.Abs(p.Report); err != nil {
			return 0, err
		}
	}
	p.signals = listen(s)
	defer p.signals.stop()
	if p.folder, err = newScratch(p.self); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.folder.close()) }()
	if err := p.prepare(); err != nil {
		return 0, err
	}
	if client := p.args.last("client", os.Getenv); client != "" {
		if p.program, err = inline.Listen(filepath.Join(p.folder.path, "p"), client); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, p.program.Close()) }()
	}
	for {
		code, again, err := p.run(ctx)
		if err != nil || !again {
			return code, err
		}
	}
}

// mostConfiguration is more than the configuration of a pack takes, in bytes.
const mostConfiguration = 4 << 20

// at returns the path that the CLI takes a path for: it may be told to run in another folder.
func (p *preview) at(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	absolute, err := filepath.Abs(filepath.Join(p.args.last("cwd", os.Getenv), path))
	if err != nil {
		return path
	}
	return absolute
}

// home returns the user's home of Pulumi.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/util/pulumihome/pulumihome.go
func (p *preview) home() (string, error) {
	if home := cmp.Or(os.Getenv(session.HomeVariable), os.Getenv("PULUMI_HOME")); home != "" {
		return p.at(home), nil
	}
	user, err := user.Current()
	if err != nil {
		return "", err
	}
	if user.HomeDir == "" {
		return "", errors.New("the user has no home folder; set PULUMI_HOME")
	}
	return filepath.Join(user.HomeDir, ".pulumi"), nil
}

// prepare puts the pack into the folder, and finds out which flags add it.
func (p *preview) prepare() error {
	p.pack = filepath.Join(p.folder.path, session.PackFolder, "pulumi-analyzer-dynamoguard")
	if runtime.GOOS == "windows" {
		p.pack += ".exe"
	}
	if err := os.Mkdir(filepath.Dir(p.pack), 0o700); err != nil {
		return err
	}
	if err := os.Symlink(p.self, p.pack); err != nil {
		return err
	}
	empty := filepath.Join(p.folder.path, "empty.json")
	file, err := os.Create(empty)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	p.flags, err = packs(p.args, os.Getenv, p.pack, p.Config, empty, same(p.self, p.at))
	return err
}

// run runs the CLI once. again is true where another run takes the place of this one.
func (p *preview) run(ctx context.Context) (code int, again bool, err error) {
	p.runs++
	n := strconv.Itoa(p.runs)
	home, err := overlay.New(ctx, filepath.Join(p.folder.path, "h"+n), p.real, p.self)
	if err != nil {
		return 0, false, err
	}
	socket := filepath.Join(p.folder.path, "s"+n)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = listener.Close() }()
	urns := make([]string, len(p.unforeseen))
	for i, l := range p.unforeseen {
		urns[i] = l.urn
	}
	state := session.New(!p.NoStandIns, urns)
	go state.Serve(listener)

	log := filepath.Join(p.folder.path, "e"+n)
	command := exec.Command(p.pulumi, p.words(log)...)
	command.Args[0] = "pulumi"
	command.Env = append(os.Environ(), session.Variable+"="+socket, session.HomeVariable+"="+p.real, "PULUMI_HOME="+home.Path())
	if os.Getenv("PULUMI_CREDENTIALS_PATH") == "" {
		command.Env = append(command.Env, "PULUMI_CREDENTIALS_PATH="+p.real)
	}
	if p.Report != "" {
		command.Env = append(command.Env, ReportVariable+"="+p.Report)
	}
	output := &kept{most: mostMemory, folder: p.folder.path}
	defer output.drop()
	command.Stdin, command.Stdout, command.Stderr = p.In, p.Out, p.Err
	if terminal(p.Out) == nil {
		command.Stdout = output.stream(p.Out)
	}
	if terminal(p.Err) == nil {
		command.Stderr = output.stream(p.Err)
	}
	if p.oneStream() {
		command.Stderr = command.Stdout // one pipe, which keeps the order
	}
	if code, told := p.signals.heard(); told {
		return code, false, nil // before there was a CLI to pass it on to
	}
	p.mark()
	watched := watch(ctx, state, home)
	code, err = p.signals.run(command, p.folder.runs, watched.stop)
	asked, installed := watched.end()
	if err != nil {
		return 0, false, fmt.Errorf("%s: %w", p.pulumi, err)
	}
	adopted := home.Adopt(ctx)
	if _, told := p.signals.heard(); !told {
		reason, err := p.next(asked, installed, adopted)
		if err != nil {
			return 0, false, err
		}
		if reason != "" {
			p.wipe()
			p.say(terminal(p.Err) != nil, reason)
			if p.program != nil && !p.program.Ended(patience) {
				p.say(true, "the program of the run that was ended is still at work; what it fails with may be told of the next run")
			}
			return 0, true, nil
		}
	}
	p.signals.stop() // nobody may read what is written from here on, and then a signal has to end this process
	if adopted != nil {
		_, _ = fmt.Fprintln(p.Err, "dynamoguard:", text.Enumeration("what pulumi put into its home cannot be put into "+p.real+":",
			strings.Split(text.Error(adopted), "\n")))
	}
	err = output.release()
	if to := p.args.last("event-log", os.Getenv); to != "" {
		if !strings.HasPrefix(to, "tcp://") {
			to = p.at(to)
		}
		err = errors.Join(err, events.Deliver(ctx, log, to))
	}
	p.conclude(state, code)
	return code, false, err
}

// words returns the arguments of the CLI. Its events go to a file of ours, and it calls the language host of an inline program
// through ours: whom they belong to takes two runs for one. Where a value is missing at their end they stay as they are: the CLI
// says so, and would take a flag of ours for that value, say the one that adds the pack.
func (p *preview) words(log string) []string {
	if p.args.lacking {
		return p.args.words
	}
	var own []string
	if p.args.last("event-log", os.Getenv) != "" {
		own = append(own, "--event-log="+log)
	}
	if p.program != nil {
		own = append(own, "--client="+p.program.Address())
	}
	return parse(p.args.without("event-log", "client")).with(append(own, p.flags...)...)
}

// next notes what another run is for, and returns why there is to be one; nothing where there is none.
func (p *preview) next(asked []session.Again, installed []string, adopted error) (reason string, err error) {
	var reasons []string
	for _, name := range installed {
		if adopted != nil {
			return "", fmt.Errorf("the plugin %s was installed and cannot be put where Pulumi keeps its plugins: %w", name, adopted)
		}
		if slices.Contains(p.installed, name) {
			return "", fmt.Errorf("the plugin %s was installed a second time; its folder below %s may be incomplete", name, p.real)
		}
		p.installed = append(p.installed, name)
		reasons = append(reasons, "pulumi installed "+name+", which has to be led through a forwarder")
	}
	for _, a := range asked {
		for _, urn := range a.URNs {
			if !slices.ContainsFunc(p.unforeseen, func(l left) bool { return l.urn == urn }) {
				p.unforeseen = append(p.unforeseen, left{urn, a.Token})
				reasons = append(reasons, shown(urn)+" is left unforeseen, since "+a.Token+" would look for it at AWS")
			}
		}
	}
	if len(asked) > 0 && len(reasons) == 0 {
		return "", fmt.Errorf("%s asks for another run and names nothing that was foreseen: this is a bug in dynamoguard", asked[0].Token)
	}
	if len(reasons) == 0 {
		return "", nil
	}
	return "the preview starts again: " + text.List(reasons, "; "), nil
}

// A watching looks on while the CLI runs for what asks for another run.
type watching struct {
	stop      chan struct{} // closed once there is to be another run
	done      chan struct{} // closed once the CLI has ended
	ended     chan struct{}
	asked     []session.Again
	installed []string
}

// Others ask for another run at the same time: until quiet has passed without one, and no longer than atMost, they are waited
// for.
const (
	quiet  = 200 * time.Millisecond
	atMost = 2 * time.Second
	polled = 100 * time.Millisecond // the home, for an installed plugin
)

func watch(ctx context.Context, state *session.State, home *overlay.Home) *watching {
	w := &watching{stop: make(chan struct{}), done: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		poll := time.NewTicker(polled)
		defer poll.Stop()
		var silence, limit <-chan time.Time
		stopping := false
		stop := func() {
			if !stopping {
				stopping = true
				close(w.stop)
			}
		}
		for {
			select {
			case again := <-state.Again():
				w.asked = append(w.asked, again)
				silence = time.After(quiet)
				if limit == nil {
					limit = time.After(atMost)
				}
			case <-silence:
				stop()
			case <-limit:
				stop()
			case <-poll.C:
				if names, _ := home.Installed(ctx); len(names) > 0 {
					stop()
				}
			case <-w.done:
				w.installed, _ = home.Installed(ctx)
				for {
					select {
					case again := <-state.Again():
						w.asked = append(w.asked, again)
					default:
						return
					}
				}
			}
		}
	}()
	return w
}

// end returns what was asked for, and what was installed, when the CLI has ended.
func (w *watching) end() ([]session.Again, []string) {
	close(w.done)
	<-w.ended
	return w.asked, w.installed
}

// What a terminal understands. It keeps one place, and what a program writes over many lines may have moved that place up.
//
// Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, DECSC, DECRC and ED
const (
	keepPlace     = "\x1b7"
	backAndErase  = "\r\x1b8\x1b[J"
	withoutPlaces = "dumb"
)

// screen returns the terminal that a run is shown on, nil where there is none or it cannot go back.
func (p *preview) screen() *os.File {
	if t := os.Getenv("TERM"); t == "" || t == withoutPlaces {
		return nil
	}
	if f := terminal(p.Err); f != nil {
		return f
	}
	return terminal(p.Out)
}

// mark notes where a run begins to write, and wipe goes back there.
func (p *preview) mark() {
	if f := p.screen(); f != nil {
		_, _ = f.WriteString(keepPlace)
	}
}

func (p *preview) wipe() {
	if f := p.screen(); f != nil {
		_, _ = f.WriteString(backAndErase)
	}
}
