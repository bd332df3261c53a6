package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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

// since reports whether the package is the classic one, of a major version or
// a newer one. Its types are those of version 6; what other versions have
// otherwise is asked for here.
func (p pkg) since(major uint64) bool {
	parsed, err := semver.Parse(p.version)
	return p.name == "aws" && err == nil && parsed.Major >= major
}

// regional reports whether resources of a type have an input region: those of
// version 7, but for the types of IAM.
func (p pkg) regional(typ tokens.Type) bool {
	_, known := p.kinds[typ]
	return p.since(7) && known && service(string(typ)) != "iam"
}

// everywhere reports whether resources of a type are found from every region.
func everywhere(token string) bool { return service(token) == "iam" || service(token) == "s3" }

// service returns the service in a token: "iam" of aws:iam/role:Role and of
// aws-native:iam:Role.
func service(token string) string {
	_, module, _ := strings.Cut(token, ":")
	return module[:max(0, strings.IndexAny(module, "/:"))]
}

// packages returns what the program stands in for.
func packages() []pkg {
	return []pkg{
		{"aws", awsVersion, aws.ProviderArgs{}.ElementType(), awsKinds, awsFunctions},
		{"aws-native", nativeVersion, reflect.TypeFor[nativeProviderArgs](), nativeKinds, nativeFunctions},
	}
}

// provider is one configured instance: the engine starts a process for each
// provider resource of a stack.
type provider struct {
	plugin.UnimplementedProvider

	pkg             pkg
	log             string // file of events, which is also the world; "" for none
	account, region string
	configured      string // the region of the provider's inputs; "" where they have none
	faults          []fault

	cancelled context.Context // ends with SignalCancellation
	cancel    context.CancelFunc
}

// newProvider returns the provider that a program's path asks for. Its file
// name is pulumi-resource-aws or pulumi-resource-aws-native; its folder, where
// that is a plugin folder as resource-aws-v7.40.0, names the version.
func newProvider(program string) (*provider, error) {
	faults, err := parseFaults(os.Getenv(faultsVariable))
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(filepath.Base(program), "pulumi-resource-")
	for _, pkg := range packages() {
		if pkg.name != name {
			continue
		}
		if version, ok := strings.CutPrefix(filepath.Base(filepath.Dir(program)), "resource-"+name+"-v"); ok {
			pkg.version = version
		}
		p := &provider{pkg: pkg, log: os.Getenv(logVariable), account: defaultAccount, region: defaultRegion, faults: faults}
		p.cancelled, p.cancel = context.WithCancel(context.Background())
		return p, nil
	}
	return nil, fmt.Errorf("there is no stand-in for %q", name)
}

func (p *provider) Handshake(
	ctx context.Context, req plugin.ProviderHandshakeRequest,
) (*plugin.ProviderHandshakeResponse, error) {
	told := event{Operation: "handshake"}
	if req.RootDirectory != nil {
		told.RootDirectory = *req.RootDirectory
	}
	if req.ProgramDirectory != nil {
		told.ProgramDirectory = *req.ProgramDirectory
	}
	response := &plugin.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}
	return response, errors.Join(p.record(told), p.meet(ctx, "handshake", ""))
}

func (p *provider) GetPluginInfo(context.Context) (plugin.PluginInfo, error) {
	parsed, err := semver.Parse(p.pkg.version)
	return plugin.PluginInfo{Version: &parsed}, err
}

func (p *provider) GetSchema(context.Context, plugin.GetSchemaRequest) (plugin.GetSchemaResponse, error) {
	text, err := p.pkg.schema()
	return plugin.GetSchemaResponse{Schema: text}, err
}

func (p *provider) SignalCancellation(context.Context) error {
	p.cancel()
	return nil
}

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
	return difference(req.OldInputs, req.NewInputs, []resource.PropertyKey{"region", "allowedAccountIds", "assumeRole", "assumeRoles"}), nil
}

// Configure finds the place that the provider works in. A region that its
// inputs do not name is the environment's, and else that of the user's AWS
// profile, which is the default one.
func (p *provider) Configure(ctx context.Context, req plugin.ConfigureRequest) (plugin.ConfigureResponse, error) {
	p.configured = asText(req.Inputs["region"])
	p.region = cmp.Or(p.configured, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), defaultRegion)
	if accounts := texts(req.Inputs["allowedAccountIds"]); len(accounts) == 1 {
		p.account = accounts[0]
	}
	for _, role := range roles(req.Inputs) {
		p.account = accountOf(role) // each from the one before
	}
	return plugin.ConfigureResponse{}, errors.Join(p.record(event{Operation: "configure"}), p.meet(ctx, "configure", ""))
}

// roles returns the ARNs of the roles that a provider assumes, in order:
// assumeRole of one, assumeRoles of a list since version 7, as text.
func roles(settings resource.PropertyMap) []string {
	type role struct {
		RoleArn string `json:"roleArn"`
	}
	var one role
	var chain []role
	_ = json.Unmarshal([]byte(asText(settings["assumeRole"])), &one) // none where it is not there
	_ = json.Unmarshal([]byte(asText(settings["assumeRoles"])), &chain)
	var arns []string
	for _, r := range append(chain, one) {
		if r.RoleArn != "" {
			arns = append(arns, r.RoleArn)
		}
	}
	return arns
}

// accountOf returns the account in an ARN.
func accountOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}

// in returns the provider as it works for a resource or a lookup that may name
// a region of its own.
func (p *provider) in(properties resource.PropertyMap) *provider {
	region, ok := text(properties["region"])
	if !p.pkg.since(7) || !ok || region == "" {
		return p
	}
	there := *p
	there.region = region
	return &there
}

// Check fills the inputs that the program leaves to the provider, and lists
// them in __defaults.
func (p *provider) Check(ctx context.Context, req plugin.CheckRequest) (plugin.CheckResponse, error) {
	if err := p.meet(ctx, "check", string(req.Type)); err != nil {
		return plugin.CheckResponse{}, err
	}
	inputs := req.News.Copy()
	kind := p.pkg.kinds[req.Type]
	filled := kind.defaults.Copy()
	if kind.name != "" && !inputs.HasValue("namePrefix") {
		name, err := autoName(req, kind)
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
	if tags, ok := inputs["tags"]; ok && p.pkg.since(6) && slices.Contains(kind.lists, "tagsAll") {
		inputs["tagsAll"] = tags
	}
	if p.pkg.regional(req.Type) && p.configured != "" && !inputs.HasValue("region") {
		inputs["region"] = resource.NewProperty(p.configured)
	}
	inputs["__defaults"] = resource.NewProperty(defaults)
	return plugin.CheckResponse{Properties: inputs}, nil
}

// autoName returns the name of the resource's last state, where that was
// automatic too, and else the logical name and seven hexadecimal digits.
func autoName(req plugin.CheckRequest, kind kind) (resource.PropertyValue, error) {
	if slices.Contains(texts(req.Olds["__defaults"]), string(kind.name)) {
		return req.Olds[kind.name], nil
	}
	name, err := resource.NewUniqueName(req.RandomSeed, req.Name+"-", 7, 0, nil)
	if kind.named != nil {
		name = kind.named(req.News, name)
	}
	return resource.NewProperty(name), err
}

func (p *provider) Diff(_ context.Context, req plugin.DiffRequest) (plugin.DiffResponse, error) {
	kind := p.pkg.kinds[req.Type]
	diff := difference(req.OldInputs, req.NewInputs, append(slices.Clone(kind.replacedBy), "region"))
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
func (p *provider) Create(ctx context.Context, req plugin.CreateRequest) (plugin.CreateResponse, error) {
	if err := p.meet(ctx, "create", string(req.Type)); err != nil {
		return plugin.CreateResponse{}, err
	}
	kind, inputs := p.pkg.kinds[req.Type], visible(req.Properties)
	there := p.in(inputs)
	if req.Preview {
		return plugin.CreateResponse{Properties: there.outputs(kind, "", inputs, true), Status: resource.StatusOK}, nil
	}
	for key, of := range map[resource.PropertyKey]resource.PropertyKey{"namePrefix": "name", "bucketPrefix": "bucket"} {
		if prefix, ok := text(inputs[key]); ok {
			name, err := resource.NewUniqueHex(prefix, 26, 0)
			if err != nil {
				return plugin.CreateResponse{}, err
			}
			inputs[of] = resource.NewProperty(name)
		}
	}
	id := req.Name + "-id"
	if kind.id != nil {
		id = kind.id(there, inputs)
	}
	outputs := there.outputs(kind, id, inputs, false)
	return plugin.CreateResponse{ID: resource.ID(id), Properties: outputs, Status: resource.StatusOK},
		there.record(event{
			Operation: "create", URN: string(req.URN), Token: string(req.Type), ID: id, Values: values(outputs),
		})
}

// Update answers a preview with what AWS filled before, and with unknowns for
// what changes with the inputs that do.
func (p *provider) Update(ctx context.Context, req plugin.UpdateRequest) (plugin.UpdateResponse, error) {
	if err := p.meet(ctx, "update", string(req.Type)); err != nil {
		return plugin.UpdateResponse{}, err
	}
	kind, inputs := p.pkg.kinds[req.Type], visible(req.NewInputs)
	there := p.in(inputs)
	changed := difference(req.OldInputs, req.NewInputs, nil).ChangedKeys
	follows := map[resource.PropertyKey]bool{}
	for _, input := range changed {
		for _, output := range kind.follow[input] {
			follows[output] = true
		}
	}
	outputs, reported := there.written(kind, inputs, req.Preview), there.reported(kind, string(req.ID), inputs)
	for key, value := range there.filled(kind, string(req.ID), inputs) {
		old, was := req.OldOutputs[key]
		_, told := reported[key]
		switch {
		case req.Preview && follows[key]:
			outputs[key] = fill(inputs[key], value, true)
		case inputs.HasValue(key): // within it there may be what AWS fills
			outputs[key] = fill(inputs[key], value, req.Preview && slices.Contains(changed, key))
		case was && (req.Preview || !told):
			outputs[key] = old
		default:
			outputs[key] = value
		}
	}
	response := plugin.UpdateResponse{Properties: outputs, Status: resource.StatusOK}
	if req.Preview {
		return response, nil
	}
	return response, there.record(event{
		Operation: "update", URN: string(req.URN), Token: string(req.Type), ID: string(req.ID), Values: values(outputs),
	})
}

func (p *provider) Delete(ctx context.Context, req plugin.DeleteRequest) (plugin.DeleteResponse, error) {
	if err := p.meet(ctx, "delete", string(req.Type)); err != nil {
		return plugin.DeleteResponse{}, err
	}
	return plugin.DeleteResponse{Status: resource.StatusOK}, p.in(req.Inputs).record(event{
		Operation: "delete", URN: string(req.URN), Token: string(req.Type), ID: string(req.ID),
	})
}

// Read answers for what exists, and with no id for what does not.
func (p *provider) Read(ctx context.Context, req plugin.ReadRequest) (plugin.ReadResponse, error) {
	there := p.in(req.Inputs)
	token, response := string(req.Type), plugin.ReadResponse{Status: resource.StatusOK}
	if err := p.meet(ctx, "read", token); err != nil {
		return response, err
	}
	if err := there.record(event{Operation: "read", URN: string(req.URN), Token: token, ID: string(req.ID)}); err != nil {
		return response, err
	}
	found, ok, err := there.find(token, func(known event) bool { return known.ID == string(req.ID) })
	if err != nil || !ok {
		return response, err
	}
	response.ReadResult = plugin.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State}
	if len(req.State) == 0 {
		response.Outputs = resource.NewPropertyMapFromMap(found.Values)
	}
	return response, nil
}

// outputs returns the inputs and what AWS fills. A preview does not know what
// that will be; it leaves out what AWS reports without the provider promising
// it, and shows documents as the program wrote them.
func (p *provider) outputs(kind kind, id string, inputs resource.PropertyMap, preview bool) resource.PropertyMap {
	outputs := p.written(kind, inputs, preview)
	promised := kind.computed()
	for key, value := range p.filled(kind, id, inputs) {
		if _, always := promised[key]; always || !preview || inputs.HasValue(key) {
			outputs[key] = fill(outputs[key], value, preview)
		}
	}
	return outputs
}

// written returns the inputs as AWS gives them back. A preview shows them as
// the program wrote them.
func (p *provider) written(kind kind, inputs resource.PropertyMap, preview bool) resource.PropertyMap {
	outputs := inputs.Copy()
	if tags, ok := inputs["tags"]; ok && slices.Contains(kind.lists, "tagsAll") {
		outputs["tagsAll"] = tags
	}
	for _, key := range kind.documents {
		if value, ok := outputs[key]; ok && !preview {
			outputs[key] = normalised(value)
		}
	}
	return outputs
}

// filled returns what AWS fills where the program does not.
func (p *provider) filled(kind kind, id string, inputs resource.PropertyMap) resource.PropertyMap {
	filled := kind.computed()
	maps.Copy(filled, p.reported(kind, id, inputs))
	return filled
}

// reported returns what of that has a value of its own.
func (p *provider) reported(kind kind, id string, inputs resource.PropertyMap) resource.PropertyMap {
	if kind.outputs == nil {
		return nil
	}
	return kind.outputs(p, id, inputs)
}

// visible returns the properties without the bookkeeping of Check.
func visible(properties resource.PropertyMap) resource.PropertyMap {
	properties = properties.Copy()
	maps.DeleteFunc(properties, func(key resource.PropertyKey, _ resource.PropertyValue) bool {
		return resource.IsInternalPropertyKey(key)
	})
	return properties
}
