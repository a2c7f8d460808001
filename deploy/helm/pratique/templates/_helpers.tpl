{{- define "pratique.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "pratique.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "pratique.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pratique.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pratique.selector" -}}
app.kubernetes.io/name: {{ include "pratique.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pratique.labels" -}}
{{ include "pratique.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "pratique.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pratique.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pratique.image" -}}
{{- $repository := required "set image.repository: there is no public image; deploy/container in the sources says how to make one" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* "true" where pods keep nothing: rows and blobs are both elsewhere. */ -}}
{{- define "pratique.stateless" -}}
{{- if and .Values.database.existingSecret .Values.blobs.url -}}true{{- end -}}
{{- end -}}

{{- define "pratique.externalUrl" -}}
{{- if .Values.externalUrl -}}
{{- .Values.externalUrl -}}
{{- else if and .Values.ingress.enabled .Values.ingress.hosts -}}
{{- printf "%s://%s" (ternary "https" "http" (not (empty .Values.ingress.tlsSecret))) (first .Values.ingress.hosts) -}}
{{- else -}}
{{- fail "set externalUrl to https://HOST as clients see it, or ingress.enabled and ingress.hosts: without a fixed name, tokens would be made for whatever name a client writes" -}}
{{- end -}}
{{- end -}}

{{- /* What would lose data or be exposed is refused before anything is installed. */ -}}
{{- define "pratique.refusals" -}}
{{- if and (gt (int .Values.replicas) 1) (not (include "pratique.stateless" .)) -}}
{{- fail (printf "replicas is %d, but rows or blobs are on one pod's volume, which several pods cannot share; set database.existingSecret and blobs.url, or replicas to 1" (int .Values.replicas)) -}}
{{- end -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.enabled needs ingress.hosts" -}}
{{- end -}}
{{- if and .Values.service.externalTrafficPolicy (eq .Values.service.type "ClusterIP") -}}
{{- fail "service.externalTrafficPolicy needs service.type NodePort or LoadBalancer" -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled needs metrics.enabled" -}}
{{- end -}}
{{- end -}}
