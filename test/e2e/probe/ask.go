package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// A target is `<kind>@<host>:<port>`: tcp and udp get an answer of `probe serve`, connect only a connection, and dns-udp
// and dns-tcp ask a resolver for the address of the cluster's API.
type target struct{ name, kind, address string }

func targetOf(text string) (target, error) {
	name, rest, isNamed := strings.Cut(text, "=")
	if !isNamed {
		name, rest = text, text
	}
	kind, address, found := strings.Cut(rest, "@")
	if !found {
		return target{}, fmt.Errorf("%q is not kind@host:port", text)
	}
	return target{name, kind, address}, nil
}

const (
	attempts       = 3
	attemptTimeout = 2 * time.Second
)

// ask tries every target a few times at once: `answered` and `silent` are unanimous, `mixed` is neither.
func ask(texts []string) error {
	verdicts := map[string]string{}
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, text := range texts {
		wanted, err := targetOf(text)
		if err != nil {
			return err
		}
		all.Go(func() {
			verdict := verdictOn(wanted)
			lock.Lock()
			defer lock.Unlock()
			verdicts[wanted.name] = verdict
		})
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}

func verdictOn(wanted target) string {
	results := make(chan error, attempts)
	for range attempts {
		go func() { results <- attempt(wanted, attemptTimeout) }()
	}
	answered := 0
	for range attempts {
		if <-results == nil {
			answered++
		}
	}
	switch answered {
	case attempts:
		return "answered"
	case 0:
		return "silent"
	}
	return "mixed"
}

// attempt is one question from a new port, and so a new connection for whoever filters; nil when it was answered.
func attempt(wanted target, timeout time.Duration) error {
	network := strings.TrimPrefix(wanted.kind, "dns-")
	if wanted.kind == "connect" {
		network = "tcp"
	}
	deadline := time.Now().Add(timeout)
	connection, err := net.DialTimeout(network, wanted.address, timeout)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(deadline); err != nil {
		return err
	}
	switch wanted.kind {
	case "connect":
		return nil
	case "tcp", "udp":
		return askLine(connection)
	case "dns-udp":
		return askName(connection, connection)
	case "dns-tcp":
		return askName(&prefixedWriter{connection}, &prefixedReader{connection})
	}
	return fmt.Errorf("%s is no kind of question", wanted.kind)
}

func askLine(connection net.Conn) error {
	if _, err := connection.Write([]byte("question\n")); err != nil {
		return err
	}
	got := make([]byte, 64)
	_, err := connection.Read(got)
	return err
}

// The question of RFC 1035 for the A record of kubernetes.default.svc.cluster.local.
func askName(to io.Writer, from io.Reader) error {
	question := []byte{0x4e, 0x53, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
	for _, label := range strings.Split("kubernetes.default.svc.cluster.local", ".") {
		question = append(append(question, byte(len(label))), label...)
	}
	question = append(question, 0, 0, 1, 0, 1)
	if _, err := to.Write(question); err != nil {
		return err
	}
	reply := make([]byte, 512)
	size, err := from.Read(reply)
	if err != nil {
		return err
	}
	if size < 12 || reply[0] != question[0] || reply[1] != question[1] {
		return errors.New("that is no answer to this question")
	}
	if code, records := reply[3]&15, binary.BigEndian.Uint16(reply[6:]); code != 0 || records == 0 {
		return fmt.Errorf("the resolver answered with code %d and %d records", code, records)
	}
	return nil
}

// By TCP a message follows its length in two octets.
type prefixedWriter struct{ io.Writer }

func (w *prefixedWriter) Write(message []byte) (int, error) {
	return w.Writer.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
}

type prefixedReader struct{ io.Reader }

func (r *prefixedReader) Read(message []byte) (int, error) {
	length := make([]byte, 2)
	if _, err := io.ReadFull(r.Reader, length); err != nil {
		return 0, err
	}
	return io.ReadFull(r.Reader, message[:min(int(binary.BigEndian.Uint16(length)), len(message))])
}
