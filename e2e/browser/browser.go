// Package browser drives a real Chromium without a window, by its DevTools protocol, to try the HTML report as people use it.
package browser

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A Page is a tab of a browser of its own.
type Page struct {
	command *exec.Cmd
	to      io.WriteCloser
	session string
	done    chan struct{} // closed when the browser is gone

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	loaded  chan struct{}
	// complaints are what the console shows as errors and warnings, requested what was fetched, but for the page itself.
	complaints, requested []string
}

type answer struct {
	Result json.RawMessage
	Error  *struct{ Message string }
}

// patience is how long a call may take on a machine that is busy.
const patience = 2 * time.Minute

// Open starts a Chromium with an empty tab. Its profile is kept in the folder, which is to be empty.
func Open(chromium, profile string) (*Page, error) {
	arguments := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + profile, "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
		"--disable-background-networking", "--hide-scrollbars", "about:blank",
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--no-sandbox") // root has none
	}
	theirs, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, theirsTo, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &Page{
		command: exec.Command(chromium, arguments...), to: to, done: make(chan struct{}), waiting: map[int]chan answer{}, loaded: make(chan struct{}, 1),
	}
	p.command.ExtraFiles = []*os.File{theirs, theirsTo} // 3 and 4, as the pipe of the protocol has it
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	_, _ = theirs.Close(), theirsTo.Close()
	go p.read(from)
	var target struct{ TargetID string }
	var session struct{ SessionID string }
	err = errors.Join(
		p.Call("Target.createTarget", object{"url": "about:blank"}, &target),
		p.Call("Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &session))
	p.session = session.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		err = errors.Join(err, p.Call(domain+".enable", nil, nil))
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Close ends the browser.
func (p *Page) Close() error {
	_ = p.to.Close() // at which it ends by itself
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.command.Process.Kill()
	}
	_ = p.command.Wait() // a browser whose pipe is closed says that it failed
	return nil
}

type object = map[string]any

// read takes what the browser says: answers, and what happens.
func (p *Page) read(from io.ReadCloser) {
	defer close(p.done)
	defer func() { _ = from.Close() }()
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var message struct {
			ID     int
			Method string
			Params json.RawMessage
			answer
		}
		if json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &message) != nil {
			continue
		}
		p.mu.Lock()
		if waiting := p.waiting[message.ID]; waiting != nil {
			delete(p.waiting, message.ID)
			waiting <- message.answer
		}
		p.happened(message.Method, message.Params)
		p.mu.Unlock()
	}
}

func (p *Page) happened(method string, params json.RawMessage) {
	var of struct {
		Type    string
		Entry   struct{ Level, Text string }
		Request struct{ URL string }
	}
	_ = json.Unmarshal(params, &of)
	switch method {
	case "Page.loadEventFired":
		select {
		case p.loaded <- struct{}{}:
		default:
		}
	case "Runtime.exceptionThrown":
		p.complaints = append(p.complaints, string(params))
	case "Runtime.consoleAPICalled":
		if of.Type == "error" || of.Type == "warning" || of.Type == "assert" {
			p.complaints = append(p.complaints, string(params))
		}
	case "Log.entryAdded":
		if of.Entry.Level != "verbose" && of.Entry.Level != "info" {
			p.complaints = append(p.complaints, of.Entry.Text)
		}
	case "Network.requestWillBeSent":
		p.requested = append(p.requested, of.Request.URL)
	}
}

// Call calls a method of the protocol. The result may be nil.
//
// Source: https://chromedevtools.github.io/devtools-protocol/
func (p *Page) Call(method string, params object, result any) error {
	if params == nil {
		params = object{}
	}
	waiting := make(chan answer, 1)
	p.mu.Lock()
	p.last++
	call := object{"id": p.last, "method": method, "params": params}
	if p.session != "" {
		call["sessionId"] = p.session
	}
	p.waiting[p.last] = waiting
	p.mu.Unlock()
	b, err := json.Marshal(call)
	if err != nil {
		return err
	}
	if _, err := p.to.Write(append(b, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case a := <-waiting:
		switch {
		case a.Error != nil:
			return fmt.Errorf("%s: %s", method, a.Error.Message)
		case result != nil:
			return json.Unmarshal(a.Result, result)
		}
		return nil
	case <-p.done:
		return fmt.Errorf("%s: the browser ended", method)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %s", method, patience)
	}
}

// Load opens an address, and waits for the page.
func (p *Page) Load(url string) error {
	if err := p.Call("Page.navigate", object{"url": url}, nil); err != nil {
		return err
	}
	select {
	case <-p.loaded:
		return nil
	case <-p.done:
		return errors.New("the browser ended")
	case <-time.After(patience):
		return fmt.Errorf("%s was not loaded in %s", url, patience)
	}
}

// Eval returns what an expression of JavaScript is, a promise's value where it is one.
func (p *Page) Eval(expression string, result any) error {
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	if err := p.Call("Runtime.evaluate", object{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer); err != nil {
		return err
	}
	if answer.ExceptionDetails != nil {
		return errors.New(answer.ExceptionDetails.Exception.Description)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Result.Value, result)
}

// Press presses a key, as people do.
func (p *Page) Press(key string) error {
	of := object{"key": key, "code": key, "windowsVirtualKeyCode": keyCodes[key]}
	if key == "Enter" {
		of["text"] = "\r"
	}
	of["type"] = "keyDown"
	err := p.Call("Input.dispatchKeyEvent", of, nil)
	of["type"] = "keyUp"
	delete(of, "text")
	return errors.Join(err, p.Call("Input.dispatchKeyEvent", of, nil))
}

var keyCodes = map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}

// Type types a text into what has the focus.
func (p *Page) Type(text string) error { return p.Call("Input.insertText", object{"text": text}, nil) }

// A View is how a page is shown.
type View struct {
	Name          string
	Width, Height int
	Dark          bool
	Print         bool // as on paper, of that width
}

// Show shows the page so.
func (p *Page) Show(v View) error {
	scheme, media := "light", ""
	if v.Dark {
		scheme = "dark"
	}
	if v.Print {
		media = "print"
	}
	return errors.Join(
		p.Call("Emulation.setDeviceMetricsOverride", object{"width": v.Width, "height": v.Height, "deviceScaleFactor": 1, "mobile": v.Width < 500}, nil),
		p.Call("Emulation.setEmulatedMedia", object{"media": media, "features": []object{{"name": "prefers-color-scheme", "value": scheme}}}, nil))
}

// Screenshot is the whole page as PNG, or the part that is seen.
func (p *Page) Screenshot(whole bool) ([]byte, error) {
	return p.data("Page.captureScreenshot", object{"captureBeyondViewport": whole})
}

// PDF is the page as it is printed.
func (p *Page) PDF() ([]byte, error) {
	return p.data("Page.printToPDF", object{"preferCSSPageSize": true, "printBackground": false})
}

func (p *Page) data(method string, params object) ([]byte, error) {
	var of struct{ Data string }
	if err := p.Call(method, params, &of); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(of.Data)
}

// Complaints are the errors and warnings of the console, and Requested what the page made the browser fetch, itself included.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.complaints...)
}

// Requested are the addresses that were fetched, that of the page among them.
func (p *Page) Requested() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requested...)
}

// A Node is what a screen reader meets.
type Node struct {
	Role, Name string
}

// Nodes are all that a screen reader meets, in its order.
func (p *Page) Nodes() (list []Node, err error) {
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value any }
		}
	}
	if err := p.Call("Accessibility.enable", nil, nil); err != nil { // not before: what it keeps makes every page slow
		return nil, err
	}
	if err := p.Call("Accessibility.getFullAXTree", nil, &tree); err != nil {
		return nil, err
	}
	for _, n := range tree.Nodes {
		if !n.Ignored {
			role, _ := n.Role.Value.(string)
			name, _ := n.Name.Value.(string)
			list = append(list, Node{role, name})
		}
	}
	return list, nil
}
