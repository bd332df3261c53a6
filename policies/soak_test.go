package policies_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

var (
	soakRequests = flag.Int("soak.requests", 1_000_000, "requests of each soak")
	soakSeed     = flag.Uint64("soak.seed", 1, "what the mutations follow from")
)

// BenchmarkMutations sends mutated requests of the fixtures, Configure and ConfigureStack among them, to the server: values are
// replaced by others, and bytes on their way. Nothing but Configure may refuse one, no policy may panic, and every answer must be
// one that can be sent. An episode is one server and the requests of one fixture, and follows from its number and the seed.
func BenchmarkMutations(b *testing.B) {
	var seeds []episode
	for _, p := range policies.All() {
		all := fixtures(b, p.Name)
		for _, file := range slices.Sorted(maps.Keys(all)) {
			f := all[file]
			seeds = append(seeds, newEpisode(b, p, f))
			if p.Mends != "" {
				f.Level = policy.Remediate.String()
				seeds = append(seeds, newEpisode(b, p, f))
			}
		}
	}
	for b.Loop() {
		fmt.Printf("mutations of %d fixtures with -soak.seed=%d\n", len(seeds), *soakSeed)
		var number, sent, refused, longest atomic.Int64
		var wg sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			wg.Go(func() {
				for sent.Load() < int64(*soakRequests) && !b.Failed() {
					n := number.Add(1)
					m := mutator{rand.New(rand.NewPCG(*soakSeed, uint64(n)))}
					e := seeds[m.IntN(len(seeds))]
					start := time.Now()
					all, bad, err := e.run(m)
					if err != nil {
						b.Errorf("episode %d: %v", n, err)
					}
					sent.Add(int64(all))
					refused.Add(int64(bad))
					for took := int64(time.Since(start)); took > longest.Load(); {
						longest.Store(took)
					}
				}
			})
		}
		wg.Wait()
		fmt.Printf("%d requests in %d episodes; %d configurations were refused; the longest episode took %v\n",
			sent.Load(), number.Load(), refused.Load(), time.Duration(longest.Load()).Round(time.Millisecond))
	}
}

// An episode is what one server is sent: the requests of a fixture.
type episode struct {
	world     func() engine.World
	configure *pulumirpc.ConfigureAnalyzerRequest
	stack     *pulumirpc.AnalyzerStackConfigureRequest
	resources []*pulumirpc.AnalyzeRequest
	end       *pulumirpc.AnalyzeStackRequest
}

func newEpisode(b *testing.B, p *policy.Policy, f *fixture) episode {
	requests := f.requests(b)
	return episode{
		world: f.world, configure: f.configuration(b, p), resources: requests, end: f.stack(b, requests),
		stack: &pulumirpc.AnalyzerStackConfigureRequest{
			DryRun: f.Preview, Organization: "acme", Stack: "dev", Project: "shop", Config: f.Stack, ConfigSecretKeys: []string{"aws:region"},
		},
	}
}

// run sends the requests of an episode, mutated, and returns how many these were, and how many configurations were refused.
func (e episode) run(m mutator) (sent, refused int, err error) {
	ctx := context.Background()
	server := analyzer.NewServer(engine.New(policies.All(), func() time.Time { return today }).In(e.world()), "0.0.0", func() {})
	var failures []string
	// check judges an answer. What was sent is not shown: the number of the episode leads to it.
	check := func(method string, response proto.Message, failure error) {
		sent++
		switch {
		case status.Code(failure) == codes.InvalidArgument && method == "Configure":
			refused++
			return
		case failure != nil:
			failures = append(failures, fmt.Sprintf("request %d, %s: %v", sent, method, failure))
			return
		}
		if _, err := proto.Marshal(response); err != nil {
			failures = append(failures, fmt.Sprintf("request %d, the answer to %s: %v", sent, method, err))
		}
		bug := func(policy, message string) {
			if strings.Contains(message, "a bug in dynamoguard") {
				failures = append(failures, fmt.Sprintf("request %d, %s: %s: %s", sent, method, policy, message))
			}
		}
		switch r := response.(type) {
		case *pulumirpc.AnalyzeResponse:
			for _, d := range r.Diagnostics {
				bug(d.PolicyName, d.Message)
			}
		case *pulumirpc.RemediateResponse:
			for _, n := range r.NotApplicable {
				bug(n.PolicyName, n.Reason)
			}
		}
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("request %d: panic: %v", sent+1, cause)
		}
	}()
	{
		response, err := server.Configure(ctx, mutated(m, e.configure))
		check("Configure", response, err)
		if err != nil { // a server judges nothing by a configuration that it refused
			response, err := server.Configure(ctx, e.configure)
			check("Configure", response, err)
		}
	}
	{
		response, err := server.ConfigureStack(ctx, mutated(m, e.stack))
		check("ConfigureStack", response, err)
	}
	for _, request := range e.resources {
		request = mutated(m, request)
		remediated, err := server.Remediate(ctx, request)
		check("Remediate", remediated, err)
		response, err := server.Analyze(ctx, request)
		check("Analyze", response, err)
	}
	response, failure := server.AnalyzeStack(ctx, mutated(m, e.end))
	check("AnalyzeStack", response, failure)
	if len(failures) > 0 {
		err = fmt.Errorf("%s", strings.Join(failures, "\n"))
	}
	return sent, refused, err
}

// A mutator changes messages.
type mutator struct{ *rand.Rand }

// chance is true once in n times.
func (m mutator) chance(n int) bool { return m.IntN(n) == 0 }

// mutated returns a message with some of its values replaced, and some of the bytes that it is encoded as. What cannot be decoded
// to its end is what was decoded before.
func mutated[M proto.Message](m mutator, message M) M {
	changed := proto.Clone(message).(M)
	if !m.chance(3) {
		m.message(changed.ProtoReflect(), 1+m.IntN(20))
	}
	if !m.chance(3) {
		return changed
	}
	encoded, err := proto.Marshal(changed)
	if err != nil {
		return changed // it has text that is none, which no engine can send
	}
	for range 1 + m.IntN(4) {
		encoded = m.bytes(encoded)
	}
	decoded := message.ProtoReflect().New().Interface()
	_ = proto.Unmarshal(encoded, decoded)
	return decoded.(M)
}

// bytes flips, repeats, moves or drops some bytes.
func (m mutator) bytes(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := m.IntN(len(b))
	end := min(len(b), at+1+m.IntN(16))
	switch m.IntN(5) {
	case 0:
		b[at] ^= 1 << m.IntN(8)
	case 1:
		b[at] = byte(m.IntN(256))
	case 2:
		b = slices.Delete(b, at, end)
	case 3:
		b = slices.Insert(b, m.IntN(len(b)), slices.Clone(b[at:end])...)
	default:
		b = b[:at]
	}
	return b
}

// message changes a field of a message, or of a message within it, once in so many times.
func (m mutator) message(message protoreflect.Message, rarely int) {
	if v, ok := message.Interface().(*structpb.Value); ok {
		m.value(v, rarely)
		return
	}
	message.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case m.chance(10 * rarely):
			message.Clear(f)
		case f.IsMap():
			m.entries(f, v.Map(), rarely)
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				m.message(v.List().Get(i).Message(), rarely)
			}
			if v.List().Len() > 0 && m.chance(5*rarely) {
				v.List().Append(v.List().Get(m.IntN(v.List().Len()))) // the same one again
			}
		case f.IsList():
		case f.Message() != nil:
			m.message(v.Message(), rarely)
		case f.Kind() == protoreflect.StringKind && m.chance(rarely):
			message.Set(f, protoreflect.ValueOfString(m.text(v.String())))
		case f.Kind() == protoreflect.EnumKind && m.chance(rarely):
			message.Set(f, protoreflect.ValueOfEnum(protoreflect.EnumNumber(m.IntN(6)-1)))
		}
		return true
	})
}

func (m mutator) entries(f protoreflect.FieldDescriptor, entries protoreflect.Map, rarely int) {
	var keys []protoreflect.MapKey
	entries.Range(func(key protoreflect.MapKey, _ protoreflect.Value) bool {
		keys = append(keys, key)
		return true
	})
	slices.SortFunc(keys, func(a, b protoreflect.MapKey) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		v := entries.Get(key)
		switch {
		case m.chance(5 * rarely):
			entries.Clear(key)
		case m.chance(5 * rarely):
			entries.Set(protoreflect.ValueOfString(m.text(key.String())).MapKey(), v)
		case f.MapValue().Message() != nil:
			m.message(v.Message(), rarely)
		case m.chance(rarely):
			entries.Set(key, protoreflect.ValueOfString(m.text(v.String())))
		}
	}
}

// value changes a value, or one within it.
func (m mutator) value(v *structpb.Value, rarely int) {
	if m.chance(rarely) {
		v.Kind = m.any(3, v).GetKind()
		return
	}
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		if m.chance(rarely) {
			kind.StringValue = m.text(kind.StringValue)
		}
	case *structpb.Value_StructValue:
		m.message(kind.StructValue.ProtoReflect(), rarely)
	case *structpb.Value_ListValue:
		for _, e := range kind.ListValue.GetValues() {
			m.value(e, rarely)
		}
	}
}

// The signatures of the engine's own kinds of objects, the object of its own key for them.
var signatures = []string{
	"1b47061264138c4ac30d75fd1eb44270", "803fd3297a5875dc03ca845dda5d2a98", "5cf8f73096256a8f31e491e813e4eb8e",
	"c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7", "d0e6a833031e9bbcd3f4e8bde6ca49a4",
}

// any makes a value, also of one that was there.
func (m mutator) any(depth int, was *structpb.Value) *structpb.Value {
	kinds := 9
	if depth == 0 {
		kinds = 6
	}
	switch m.IntN(kinds) {
	case 0:
		return structpb.NewNullValue()
	case 1:
		return structpb.NewBoolValue(m.chance(2))
	case 2:
		return structpb.NewNumberValue([]float64{0, -1, 1e300, math.NaN(), math.Inf(1), 111122223333}[m.IntN(6)])
	case 3:
		return structpb.NewStringValue(m.text(was.GetStringValue()))
	case 4:
		return structpb.NewStringValue("04da6b54-80e4-46f7-96ec-b56ff0331ba9") // unknown
	case 5:
		return &structpb.Value{}
	case 6:
		list := &structpb.ListValue{}
		for range m.IntN(4) {
			list.Values = append(list.Values, m.any(depth-1, was))
		}
		return structpb.NewListValue(list)
	case 7:
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"4dabf18193072939515e22adb298388d": structpb.NewStringValue(signatures[m.IntN(len(signatures))]),
			"value":                            proto.CloneOf(was), "urn": m.any(depth-1, was), "id": m.any(depth-1, was),
		}})
	default:
		object := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for range m.IntN(4) {
			object.Fields[m.text("policy")] = m.any(depth-1, was)
		}
		return structpb.NewStructValue(object)
	}
}

// text makes a text, also of one that was there.
func (m mutator) text(was string) string {
	switch m.IntN(8) {
	case 0:
		return ""
	case 1:
		return strings.ToValidUTF8(string(m.bytes([]byte(was))), "\uFFFD")
	case 2:
		return was + was
	case 3:
		return strings.Repeat([]string{"[", `{"a":`, "*", "a\n\x1b[2J", "$"}[m.IntN(5)], m.IntN(2000))
	case 4:
		return strings.NewReplacer(":", "::", "*", "?", "Allow", "Deny", "Action", "NotAction", "{", "[").Replace(was)
	case 5:
		return []string{
			"*", "arn:aws:dynamodb:*:*:table/*", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:::::", "urn:pulumi:dev::shop::$::",
			"aws:dynamodb/table:Table", "aws:iam/role:Role", "aws:iam/policy:Policy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
		}[m.IntN(9)]
	default:
		return was
	}
}

// BenchmarkSoak sends Analyze to a pack over gRPC, 16 at a time and half of it repeats, for resources that pass of each type
// that is remembered, and fails where it keeps more for one of them than it may.
func BenchmarkSoak(b *testing.B) {
	const atATime, each = 16, 1536 // bytes
	classes := []struct {
		name string
		of   func(i int) *pulumirpc.AnalyzeRequest
	}{
		{"table", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:dynamodb/table:Table", i, map[string]any{
				"name": fmt.Sprintf("orders-%d", i), "billingMode": "PAY_PER_REQUEST", "hashKey": "id",
				"attributes":                []any{map[string]any{"name": "id", "type": "S"}},
				"pointInTimeRecovery":       map[string]any{"enabled": true},
				"serverSideEncryption":      map[string]any{"enabled": true},
				"deletionProtectionEnabled": true,
			})
		}},
		{"inline policy", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:iam/rolePolicy:RolePolicy", i, map[string]any{"role": "clerk", "policy": narrow(i)})
		}},
		{"managed policy", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:iam/policy:Policy", i, map[string]any{"name": fmt.Sprintf("clerk-%d", i), "policy": narrow(i)})
		}},
		{"role", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:iam/role:Role", i, map[string]any{"name": fmt.Sprintf("clerk-%d", i), "assumeRolePolicy": trust})
		}},
		{"attachment", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", i, map[string]any{
				"role": "clerk", "policyArn": fmt.Sprintf("arn:aws:iam::111122223333:policy/clerk-%d", i),
			})
		}},
		{"role with documents", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:iam/role:Role", i, map[string]any{
				"name": fmt.Sprintf("clerk-%d", i), "assumeRolePolicy": trust,
				"inlinePolicies":    []any{map[string]any{"name": "tables", "policy": narrow(i)}},
				"managedPolicyArns": []any{fmt.Sprintf("arn:aws:iam::111122223333:policy/clerk-%d", i)},
			})
		}},
		{"permission boundary", func(i int) *pulumirpc.AnalyzeRequest {
			request := passing(b, "aws:iam/policy:Policy", i, map[string]any{"name": fmt.Sprintf("boundary-%d", i), "policy": narrow(i)})
			request.Urn += "-boundary"
			return request
		}},
		{"other", func(i int) *pulumirpc.AnalyzeRequest {
			return passing(b, "aws:s3/bucketV2:BucketV2", i, map[string]any{"bucket": fmt.Sprintf("orders-%d", i)})
		}},
	}
	pack, end := served(b)
	defer end()
	if _, err := pack.Configure(b.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		policy.PackPolicy: {EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, Properties: object(b, map[string]any{"boundaries": []any{"*boundary*"}})},
	}}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		calls := *soakRequests / len(classes)
		fmt.Printf("\n| A resource that passes | Heap | At most |\n|---|---|---|\n")
		for _, class := range classes {
			analyze := func(i int) {
				response, err := pack.Analyze(b.Context(), class.of(i))
				if err != nil || len(response.Diagnostics) > 0 {
					b.Errorf("%s %d: %v, %v", class.name, i, response.GetDiagnostics(), err)
				}
			}
			for i := range atATime {
				analyze(i) // what is made once
			}
			before := heap()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range atATime {
				wg.Go(func() {
					for n := int(next.Add(1)); n <= calls && !b.Failed(); n = int(next.Add(1)) {
						analyze(atATime + n/2) // each twice
					}
				})
			}
			wg.Wait()
			kept := (heap() - before) / int64(max(1, calls/2))
			fmt.Printf("| %s | %d bytes | %d bytes |\n", class.name, kept, each)
			if kept > each {
				b.Errorf("%s: %d bytes of heap for each, want at most %d", class.name, kept, each)
			}
		}
		fmt.Printf("\n%d calls of Analyze, %d at a time, each twice\n", calls*len(classes), atATime)
	}
}

// heap is how much is in use once nothing is waiting to be freed.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// passing is the request for a resource.
func passing(b *testing.B, typ string, i int, inputs map[string]any) *pulumirpc.AnalyzeRequest {
	name := fmt.Sprintf("orders-%d", i)
	return &pulumirpc.AnalyzeRequest{
		Type: typ, Name: name, Urn: "urn:pulumi:dev::shop::acme:shop:Service$" + typ + "::" + name, Properties: object(b, inputs),
		Provider: &pulumirpc.AnalyzerProviderResource{
			Urn: "urn:pulumi:dev::shop::pulumi:providers:aws::default", Type: "pulumi:providers:aws", Name: "default",
			Properties: object(b, map[string]any{"region": "us-east-1", "allowedAccountIds": []any{"111122223333"}}),
		},
	}
}

// trust is a trust policy that passes, narrow a document.
const trust = `{"Version":"2012-10-17",` +
	`"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ecs-tasks.amazonaws.com"}}]}`

func narrow(i int) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem"],`+
		`"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders-%d"}]}`, i)
}

// served starts the pack as main does.
func served(b *testing.B) (pack pulumirpc.AnalyzerClient, end func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, printed := io.Pipe()
	ended := make(chan error, 1)
	// What listens at the engine's address tells whom the pack serves. It has no services, and answers so.
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	there := grpc.NewServer()
	go func() { _ = there.Serve(listener) }()
	b.Cleanup(there.Stop)
	go func() {
		rules := engine.New(policies.All(), time.Now)
		ended <- analyzer.Serve(ctx, listener.Addr().String(), "0.0.0", rules, func() {}, printed, io.Discard)
	}()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	return pulumirpc.NewAnalyzerClient(connection), func() {
		_ = connection.Close()
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}
