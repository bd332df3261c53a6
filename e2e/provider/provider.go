package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

const (
	// logVariable names the environment variable that holds the log's path.
	logVariable = "STANDIN_AWS_LOG"

	// defaultAccount is the account of every ARN unless the provider's
	// allowedAccountIds name exactly one.
	defaultAccount = "111122223333"
	defaultRegion  = "us-east-1"
)

// provider is one configured instance: the engine starts a process for each
// provider resource of a stack.
type provider struct {
	plugin.UnimplementedProvider

	log             string // file that operations are appended to; "" for none
	account, region string
}

func (*provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (*provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	parsed, err := semver.Parse(version)
	return plugin.PluginInfo{Version: &parsed}, err
}

func (*provider) SignalCancellation(context.Context) error { return nil }

// CheckConfig writes every setting as text, as the real provider does: its
// booleans and lists reach a policy pack as "true" and `["111122223333"]`.
func (*provider) CheckConfig(_ context.Context, req plugin.CheckConfigRequest) (plugin.CheckConfigResponse, error) {
	settings := resource.ToResourcePropertyMap(req.News)
	for key, value := range settings {
		if !plain(value).IsString() {
			settings[key] = encoded(value)
		}
	}
	return plugin.CheckConfigResponse{Properties: resource.FromResourcePropertyMap(settings)}, nil
}

func (*provider) DiffConfig(_ context.Context, req plugin.DiffConfigRequest) (plugin.DiffConfigResponse, error) {
	return difference(req.OldInputs, req.NewInputs, []resource.PropertyKey{"region", "allowedAccountIds"}), nil
}

func (p *provider) Configure(_ context.Context, req plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	if region, ok := text(req.Inputs["region"]); ok && region != "" {
		p.region = region
	}
	if accounts := texts(req.Inputs["allowedAccountIds"]); len(accounts) == 1 {
		p.account = accounts[0]
	}
	return plugin.ConfigureResponse{}, nil
}

func (*provider) Check(_ context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := req.News.Copy()
	kind := kinds[req.Type]
	defaults := []resource.PropertyValue{}
	if kind.named && !inputs.HasValue("name") && !inputs.HasValue("namePrefix") {
		name, err := autoName(req)
		if err != nil {
			return plugin.CheckResponse{}, err
		}
		inputs["name"] = name
		defaults = append(defaults, resource.NewProperty("name"))
	}
	for _, key := range kind.documents {
		if value, ok := inputs[key]; ok && !plain(value).IsString() {
			inputs[key] = encoded(value)
		}
	}
	if tags, ok := inputs["tags"]; ok {
		inputs["tagsAll"] = tags
	}
	inputs["__defaults"] = resource.NewProperty(defaults)
	return plugin.CheckResponse{Properties: inputs}, nil
}

// autoName returns the name of the resource's last state, where that was
// automatic too, and else the logical name and seven hexadecimal digits.
func autoName(req plugin.CheckRequest) (resource.PropertyValue, error) {
	if slices.Contains(texts(req.Olds["__defaults"]), "name") {
		return req.Olds["name"], nil
	}
	name, err := resource.NewUniqueName(req.RandomSeed, req.Name+"-", 7, 0, nil)
	return resource.NewProperty(name), err
}

func (*provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	diff := difference(req.OldInputs, req.NewInputs, kinds[req.Type].replacedBy)
	automatic := slices.Contains(texts(req.NewInputs["__defaults"]), "name")
	diff.DeleteBeforeReplace = len(diff.ReplaceKeys) > 0 && !automatic
	return diff, nil
}

// difference compares two sets of inputs; a changed key among replacedBy asks
// for a replacement.
func difference(old, new resource.PropertyMap, replacedBy []resource.PropertyKey) plugin.DiffResult {
	diff := old.Diff(new, resource.IsInternalPropertyKey)
	if !diff.AnyChanges() {
		return plugin.DiffResult{Changes: plugin.DiffNone}
	}
	result := plugin.DiffResult{Changes: plugin.DiffSome, ChangedKeys: diff.ChangedKeys()}
	for _, key := range result.ChangedKeys {
		if slices.Contains(replacedBy, key) {
			result.ReplaceKeys = append(result.ReplaceKeys, key)
		}
	}
	return result
}

// Create answers a preview with the inputs alone: the real provider's outputs
// are absent there, and the engine takes an absent output for an unknown one.
func (p *provider) Create(_ context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	if req.Preview {
		return plugin.CreateResponse{Properties: visible(req.Properties), Status: resource.StatusOK}, nil
	}
	kind, inputs := kinds[req.Type], visible(req.Properties)
	if prefix, ok := text(inputs["namePrefix"]); ok {
		name, err := resource.NewUniqueHex(prefix, 26, 0)
		if err != nil {
			return plugin.CreateResponse{}, err
		}
		inputs["name"] = resource.NewProperty(name)
	}
	id := req.Name + "-id"
	if kind.id != nil {
		id = kind.id(p, inputs)
	}
	return plugin.CreateResponse{
		ID:         resource.ID(id),
		Properties: p.outputs(kind, id, inputs),
		Status:     resource.StatusOK,
	}, p.record("create", req.URN)
}

func (p *provider) Update(_ context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	outputs := p.outputs(kinds[req.Type], string(req.ID), visible(req.NewInputs))
	response := plugin.UpdateResponse{Properties: outputs, Status: resource.StatusOK}
	if req.Preview {
		return response, nil
	}
	return response, p.record("update", req.URN)
}

func (p *provider) Delete(_ context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	return plugin.DeleteResponse{Status: resource.StatusOK}, p.record("delete", req.URN)
}

// Read knows no state but the engine's: what was never created is made up
// from the id, as a program's Get of a table or a role needs it.
func (p *provider) Read(_ context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	outputs := req.State
	if len(outputs) == 0 {
		kind, inputs := kinds[req.Type], resource.PropertyMap{}
		if kind.named {
			inputs["name"] = resource.NewProperty(string(req.ID))
		}
		outputs = p.outputs(kind, string(req.ID), inputs)
	}
	return plugin.ReadResponse{
		ReadResult: plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: outputs},
		Status:     resource.StatusOK,
	}, nil
}

// outputs joins the inputs, their documents normalised, with what the kind
// computes; a computed block yields to the program's own.
func (p *provider) outputs(kind kind, id string, inputs resource.PropertyMap) resource.PropertyMap {
	outputs := inputs.Copy()
	for _, key := range kind.documents {
		if value, ok := outputs[key]; ok {
			outputs[key] = normalised(value)
		}
	}
	if kind.computed != nil {
		for key, value := range kind.computed(p, id, inputs) {
			if _, given := inputs[key]; !given || key == "replicas" {
				outputs[key] = value
			}
		}
	}
	return outputs
}

// record appends an operation to the log, one JSON object a line.
func (p *provider) record(operation string, urn resource.URN) error {
	if p.log == "" {
		return nil
	}
	line, err := json.Marshal(map[string]string{"operation": operation, "urn": string(urn)})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(p.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(file, "%s\n", line); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// visible returns the properties without the bookkeeping of Check.
func visible(properties resource.PropertyMap) resource.PropertyMap {
	properties = properties.Copy()
	maps.DeleteFunc(properties, func(key resource.PropertyKey, _ resource.PropertyValue) bool {
		return resource.IsInternalPropertyKey(key)
	})
	return properties
}
