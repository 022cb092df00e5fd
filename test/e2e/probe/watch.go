package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	watchInterval = 25 * time.Millisecond
	socketPath    = "/tmp/probe"
)

// An outcome belongs to the moment at which its question was sent.
type outcome struct {
	atMs     int64
	answered bool
}

// A run is a time in which every question to a target had the same outcome.
type run struct {
	Answered  bool  `json:"answered"`
	FromMs    int64 `json:"fromMs"`
	ToMs      int64 `json:"toMs"`
	Questions int   `json:"questions"`
}

type record struct {
	lock     sync.Mutex
	outcomes []outcome
}

// watch asks every target forty times a second, each time as a new connection, and answers `probe report`.
func watch(texts []string) error {
	records := map[string]*record{}
	for _, text := range texts {
		wanted, err := targetOf(text)
		if err != nil {
			return err
		}
		kept := &record{}
		records[wanted.name] = kept
		go kept.keepAsking(wanted)
	}
	_ = os.Remove(socketPath)
	listener, err := net.Listen("unix", socketPath)
	if err != nil {
		return err
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go answerReport(connection, records)
	}
}

func (r *record) keepAsking(wanted target) {
	for range time.Tick(watchInterval) {
		go func() {
			atMs := time.Now().UnixMilli()
			err := attempt(wanted, attemptTimeout)
			r.lock.Lock()
			defer r.lock.Unlock()
			r.outcomes = append(r.outcomes, outcome{atMs, err == nil})
		}()
	}
}

// runsSince leaves out what may still be answered.
func (r *record) runsSince(sinceMs int64) []run {
	untilMs := time.Now().Add(-attemptTimeout - 500*time.Millisecond).UnixMilli()
	r.lock.Lock()
	settled := slices.Clone(r.outcomes)
	r.lock.Unlock()
	slices.SortStableFunc(settled, func(a, b outcome) int { return int(a.atMs - b.atMs) })
	runs := []run{}
	for _, each := range settled {
		if each.atMs < sinceMs || each.atMs > untilMs {
			continue
		}
		if last := len(runs) - 1; last >= 0 && runs[last].Answered == each.answered {
			runs[last].ToMs = each.atMs
			runs[last].Questions++
			continue
		}
		runs = append(runs, run{each.answered, each.atMs, each.atMs, 1})
	}
	return runs
}

func answerReport(connection net.Conn, records map[string]*record) {
	defer connection.Close()
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return
	}
	sinceMs, err := strconv.ParseInt(line[:len(line)-1], 10, 64)
	if err != nil {
		return
	}
	runs := map[string][]run{}
	for name, kept := range records {
		runs[name] = kept.runsSince(sinceMs)
	}
	_ = json.NewEncoder(connection).Encode(runs)
}

// report asks the watch of the same pod what it has seen since then, in ms since 1970.
func report(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: probe report <since, in ms>")
	}
	connection, err := net.Dial("unix", socketPath)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := fmt.Fprintln(connection, arguments[0]); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, connection)
	return err
}
