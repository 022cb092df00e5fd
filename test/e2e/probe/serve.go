package main

import (
	"fmt"
	"net"
	"strings"
	"time"
)

const answer = "answer\n"

// serve answers on ports such as `tcp:8080` and `udp:8081`, to every question, until it is told to end.
func serve(ports []string) error {
	for _, port := range ports {
		network, number, _ := strings.Cut(port, ":")
		if err := answerOn(network, ":"+number); err != nil {
			return err
		}
	}
	return pause(nil)
}

func answerOn(network, address string) error {
	switch network {
	case "tcp":
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go acceptFrom(listener)
		return nil
	case "udp":
		socket, err := net.ListenPacket("udp", address)
		if err != nil {
			return err
		}
		go echoTo(socket)
		return nil
	}
	return fmt.Errorf("%s%s is neither tcp nor udp", network, address)
}

// A connection stays open for as long as its other end asks: a line for a line.
func acceptFrom(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			question := make([]byte, 64)
			for {
				_ = connection.SetDeadline(time.Now().Add(time.Minute))
				if _, err := connection.Read(question); err != nil {
					return
				}
				if _, err := connection.Write([]byte(answer)); err != nil {
					return
				}
			}
		}()
	}
}

func echoTo(socket net.PacketConn) {
	question := make([]byte, 64)
	for {
		_, from, err := socket.ReadFrom(question)
		if err != nil {
			return
		}
		_, _ = socket.WriteTo([]byte(answer), from)
	}
}
