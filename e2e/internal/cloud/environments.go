package cloud

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/eval"
)

// environment is an ESC environment.
type environment struct {
	definition []byte
	readers    []string // logins of those who may open it; administrators may
}

// Environment writes an ESC environment, "project/name", which administrators may open, and the users that are named.
func (s *Service) Environment(name, definition string, readers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.environments[name] = environment{[]byte(definition), readers}
}

func (s *Service) handleEnvironments(handle func(string, endpoint)) {
	handle("POST /api/esc/environments/{org}/yaml/open", s.openEnvironment)
	handle("GET /api/esc/environments/{org}/yaml/open/{session}", s.getOpenEnvironment)
}

// openEnvironment evaluates the definition in the body, which imports those that it is about.
func (s *Service) openEnvironment(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	definition, err := io.ReadAll(c.Body)
	if err != nil {
		return nil, err
	}
	declared, diags, err := eval.LoadYAMLBytes("yaml", definition)
	if err != nil {
		return nil, err
	}
	loader := &imports{service: s, user: c.user}
	var opened *esc.Environment
	if !diags.HasErrors() {
		execution, err := esc.NewExecContext(map[string]esc.Value{
			"pulumi": esc.NewValue(map[string]esc.Value{
				"user":         esc.NewValue(map[string]esc.Value{"id": esc.NewValue(c.user.login)}),
				"organization": esc.NewValue(map[string]esc.Value{"login": esc.NewValue(s.Org)}),
			}),
		})
		if err != nil {
			return nil, err
		}
		opened, diags = eval.EvalEnvironment(c.Context(), "yaml", declared, unencrypted{}, loader, loader, execution)
	}
	if diags.HasErrors() {
		var all []any
		for _, d := range diags {
			all = append(all, map[string]any{"summary": d.Summary})
		}
		return nil, &failure{http.StatusBadRequest, "the environment has errors", map[string]any{"diagnostics": all}}
	}
	text, err := json.Marshal(opened)
	if err != nil {
		return nil, err
	}
	session := rand.Text()
	s.opened[session] = text
	return map[string]any{"id": session}, nil
}

func (s *Service) getOpenEnvironment(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	text, ok := s.opened[c.PathValue("session")]
	if !ok {
		return nil, fail(http.StatusNotFound, "the environment is not open")
	}
	return json.RawMessage(text), nil
}

// imports gives the evaluator the environments that a user may open.
type imports struct {
	service *Service
	user    user
}

func (i *imports) LoadEnvironment(_ context.Context, name string) ([]byte, eval.Decrypter, error) {
	found, ok := i.service.environments[name]
	if !ok {
		return nil, nil, fmt.Errorf("environment %q not found", name)
	}
	if i.user.role != Admin && !slices.Contains(found.readers, i.user.login) {
		return nil, nil, fmt.Errorf("%s may not open the environment %q", i.user.login, name)
	}
	return bytes.Clone(found.definition), unencrypted{}, nil
}

func (i *imports) LoadProvider(_ context.Context, name string) (esc.Provider, error) {
	return nil, fmt.Errorf("the stand-in has no provider %q", name)
}

func (i *imports) LoadRotator(_ context.Context, name string) (esc.Rotator, error) {
	return nil, fmt.Errorf("the stand-in has no rotator %q", name)
}

// unencrypted refuses ciphertext: definitions have their secrets in clear, as people write them.
type unencrypted struct{}

func (unencrypted) Decrypt(context.Context, []byte) ([]byte, error) {
	return nil, fmt.Errorf("the stand-in keeps no ciphertext")
}
