package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// event is a line of the log, in JSON: something that a process of the
// stand-in was asked for. Those of Create, Update and Delete, which make no
// line in a preview, are at the same time all that exists: the world.
type event struct {
	// Operation is "start", "handshake", "configure", "invoke", "read",
	// "create", "update", "delete", or "fault" for a fault that begins.
	Operation string `json:"operation"`
	Process   int    `json:"process"`
	Version   string `json:"version"` // of the provider

	URN   string `json:"urn,omitempty"`
	Token string `json:"token,omitempty"` // of the resource type or the function
	ID    string `json:"id,omitempty"`    // of the resource

	// The place of the call: a provider's own, or the region that a resource
	// or a lookup names.
	Account string `json:"account,omitempty"`
	Region  string `json:"region,omitempty"`

	// Values are the outputs of a resource that is there now, or the arguments
	// of a function. Secrets are plain: AWS knows them.
	Values map[string]any `json:"values,omitempty"`

	// Of "handshake": the directories that the engine told.
	RootDirectory    string `json:"rootDirectory,omitempty"`
	ProgramDirectory string `json:"programDirectory,omitempty"`

	// Of "start": the command line, the Pulumi home, and the names of the
	// variables that only the processes of a policy pack may see.
	Command   []string `json:"command,omitempty"`
	Home      string   `json:"home,omitempty"`
	Variables []string `json:"variables,omitempty"`
}

// record appends an event to the log, in one write: other processes append too.
func (p *provider) record(e event) error {
	if p.log == "" {
		return nil
	}
	e.Process, e.Version = os.Getpid(), p.pkg.version
	e.Account, e.Region = p.account, p.region
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// existing returns what exists in the provider's account, in the order of
// creation: the event of its creation or last update.
func (p *provider) existing() ([]event, error) {
	file, err := os.Open(p.log)
	if p.log == "" || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var world []event
	for decoder := json.NewDecoder(bufio.NewReader(file)); ; {
		var next event
		if err := decoder.Decode(&next); errors.Is(err, io.EOF) {
			return world, nil
		} else if err != nil {
			return nil, err
		}
		if next.Account != p.account {
			continue
		}
		switch next.Operation {
		case "create":
			world = append(world, next)
		case "update", "delete":
			for i, known := range slices.Backward(world) {
				if known.Token == next.Token && known.ID == next.ID && known.reaches(next.Region) {
					if next.Operation == "update" {
						world[i] = next
					} else {
						world = slices.Delete(world, i, i+1)
					}
					break
				}
			}
		}
	}
}

// reaches reports whether a resource is found from a region.
func (e event) reaches(region string) bool { return e.Region == region || everywhere(e.Token) }

// find returns the newest resource of a token that is found from the
// provider's region and is as asked for.
func (p *provider) find(token string, asked func(event) bool) (event, bool, error) {
	world, err := p.existing()
	for _, known := range slices.Backward(world) {
		if known.Token == token && known.reaches(p.region) && asked(known) {
			return known, true, nil
		}
	}
	return event{}, false, err
}

// values returns properties as an event holds them.
func values(properties resource.PropertyMap) map[string]any {
	object, _ := native(resource.NewProperty(properties)).(map[string]any)
	return object
}
