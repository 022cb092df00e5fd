{{- /* Names are the same whatever the release is called: of this operator there is one in a cluster. */ -}}
{{- define "nsbaseline.labels" -}}
app.kubernetes.io/name: nsbaseline
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "nsbaseline.subject" -}}
- kind: ServiceAccount
  name: nsbaseline
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "nsbaseline.dnsNamespaces" -}}
{{- $names := .Values.dnsNamespaces -}}
{{- if .Values.openshift.enabled }}{{ $names = append $names "openshift-dns" | uniq }}{{ end -}}
{{- $names | join "," -}}
{{- end }}

{{- define "nsbaseline.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}
