package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

const (
	// logVariable names the environment variable that holds the log's path.
	logVariable = "STANDIN_AWS_LOG"

	// defaultAccount is the account of every ARN unless the provider's
	// allowedAccountIds name exactly one.
	defaultAccount = "111122223333"
	defaultRegion  = "us-east-1"
)

// pkg is a provider package that the program stands in for.
type pkg struct {
	name, version string
	settings      reflect.Type // struct of the provider's own inputs
	kinds         map[tokens.Type]kind
	functions     map[tokens.ModuleMember]function
}

// packages returns what the program stands in for.
func packages() []pkg {
	return []pkg{
		{"aws", awsVersion, aws.ProviderArgs{}.ElementType(), awsKinds, awsFunctions},
		{"aws-native", nativeVersion, reflect.TypeFor[nativeProviderArgs](), nativeKinds, nil},
	}
}

// provider is one configured instance: the engine starts a process for each
// provider resource of a stack.
type provider struct {
	plugin.UnimplementedProvider

	pkg             pkg
	log             string // file that operations are appended to; "" for none
	account, region string
}

// newProvider returns the provider that a program's file name asks for:
// pulumi-resource-aws or pulumi-resource-aws-native.
func newProvider(program string) (*provider, error) {
	name := strings.TrimPrefix(filepath.Base(program), "pulumi-resource-")
	for _, pkg := range packages() {
		if pkg.name == name {
			return &provider{pkg: pkg, log: os.Getenv(logVariable), account: defaultAccount, region: defaultRegion}, nil
		}
	}
	return nil, fmt.Errorf("there is no stand-in for %q", name)
}

func (*provider) Handshake(context.Context, plugin.ProviderHandshakeRequest) (*plugin.ProviderHandshakeResponse, error) {
	return &plugin.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

func (p *provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	parsed, err := semver.Parse(p.pkg.version)
	return plugin.PluginInfo{Version: &parsed}, err
}

func (p *provider) GetSchema(context.Context, plugin.GetSchemaRequest) (plugin.GetSchemaResponse, error) {
	text, err := p.pkg.schema()
	return plugin.GetSchemaResponse{Schema: text}, err
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

// Check fills the inputs that the program leaves to the provider, and lists
// them in __defaults.
func (p *provider) Check(_ context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	inputs := req.News.Copy()
	kind := p.pkg.kinds[req.Type]
	filled := kind.defaults.Copy()
	if kind.name != "" && !inputs.HasValue("namePrefix") {
		name, err := autoName(req, kind.name)
		if err != nil {
			return plugin.CheckResponse{}, err
		}
		filled[kind.name] = name
	}
	defaults := []resource.PropertyValue{}
	for _, key := range filled.StableKeys() {
		if !inputs.HasValue(key) {
			inputs[key] = filled[key]
			defaults = append(defaults, resource.NewProperty(string(key)))
		}
	}
	for _, key := range kind.documents {
		if value, ok := inputs[key]; ok && !plain(value).IsString() {
			inputs[key] = encoded(value)
		}
	}
	if tags, ok := inputs["tags"]; ok && slices.Contains(kind.lists, "tagsAll") {
		inputs["tagsAll"] = tags
	}
	inputs["__defaults"] = resource.NewProperty(defaults)
	return plugin.CheckResponse{Properties: inputs}, nil
}

// autoName returns the name of the resource's last state, where that was
// automatic too, and else the logical name and seven hexadecimal digits.
func autoName(req plugin.CheckRequest, key resource.PropertyKey) (resource.PropertyValue, error) {
	if slices.Contains(texts(req.Olds["__defaults"]), string(key)) {
		return req.Olds[key], nil
	}
	name, err := resource.NewUniqueName(req.RandomSeed, req.Name+"-", 7, 0, nil)
	return resource.NewProperty(name), err
}

func (p *provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	kind := p.pkg.kinds[req.Type]
	diff := difference(req.OldInputs, req.NewInputs, kind.replacedBy)
	automatic := slices.Contains(texts(req.NewInputs["__defaults"]), string(kind.name))
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

// Create answers a preview with the inputs, and with unknowns for what AWS will
// fill.
func (p *provider) Create(_ context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	kind, inputs := p.pkg.kinds[req.Type], visible(req.Properties)
	if req.Preview {
		return plugin.CreateResponse{Properties: p.outputs(kind, "", inputs, true), Status: resource.StatusOK}, nil
	}
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
		Properties: p.outputs(kind, id, inputs, false),
		Status:     resource.StatusOK,
	}, p.record("create", req.URN)
}

func (p *provider) Update(_ context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	outputs := p.outputs(p.pkg.kinds[req.Type], string(req.ID), visible(req.NewInputs), false)
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
		kind, inputs := p.pkg.kinds[req.Type], resource.PropertyMap{}
		if kind.name != "" {
			inputs[kind.name] = resource.NewProperty(string(req.ID))
		}
		outputs = p.outputs(kind, string(req.ID), inputs, false)
	}
	return plugin.ReadResponse{
		ReadResult: plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: outputs},
		Status:     resource.StatusOK,
	}, nil
}

// outputs returns the inputs and what AWS fills. A preview does not know what
// that will be; it leaves out what AWS reports without the provider promising
// it, and shows documents as the program wrote them.
func (p *provider) outputs(kind kind, id string, inputs resource.PropertyMap, preview bool) resource.PropertyMap {
	outputs := inputs.Copy()
	if !preview {
		for _, key := range kind.documents {
			if value, ok := outputs[key]; ok {
				outputs[key] = normalised(value)
			}
		}
	}
	filled := kind.computed()
	if kind.outputs != nil {
		for key, value := range kind.outputs(p, id, inputs) {
			if _, promised := filled[key]; promised || !preview || inputs.HasValue(key) {
				filled[key] = value
			}
		}
	}
	for key, value := range filled {
		outputs[key] = fill(outputs[key], value, preview)
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
